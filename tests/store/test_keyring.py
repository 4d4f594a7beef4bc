"""Keys encrypt, rotate and stay out of sight."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import StartRefused
from bot.store.keyring import KeyRing

OLD, NEW = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
SECRET = SecretStr("a platform's key")


def test_what_is_encrypted_comes_back() -> None:
    ring = KeyRing([OLD])
    token = ring.encrypt(SECRET)
    assert "platform" not in token
    assert ring.decrypt(token).get_secret_value() == "a platform's key"


def test_an_old_key_still_decrypts_and_the_new_one_encrypts() -> None:
    both = KeyRing([NEW, OLD])
    assert both.decrypt(KeyRing([OLD]).encrypt(SECRET)) == SECRET
    assert KeyRing([NEW]).decrypt(both.encrypt(SECRET)) == SECRET
    rotated = both.rotate(KeyRing([OLD]).encrypt(SECRET))
    assert KeyRing([NEW]).decrypt(rotated) == SECRET


@pytest.mark.parametrize("work", ["decrypt", "rotate"])
def test_a_lost_key_is_named_without_showing_anything(work: str) -> None:
    token = KeyRing([OLD]).encrypt(SECRET)
    with pytest.raises(StartRefused, match="MUSTER_SECRET_KEYS") as caught:
        getattr(KeyRing([NEW]), work)(token)
    assert token not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_key_id_tells_keys_apart_and_reveals_none() -> None:
    assert KeyRing([OLD]).key_id == KeyRing([OLD, NEW]).key_id != KeyRing([NEW]).key_id
    assert KeyRing([OLD]).key_id not in OLD.get_secret_value()
    assert OLD.get_secret_value() not in repr(vars(KeyRing([OLD])))
