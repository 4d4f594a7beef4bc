"""Encrypts what must not be read from the database file: platform keys and interaction tokens."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from bot.errors import StartRefused

log = logging.getLogger(__name__)


class KeyRing:
    """The operator's keys: the first encrypts, every one decrypts, so that they can be rotated."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Take at least one Fernet key, the newest first."""
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])
        first = keys[0].get_secret_value().encode()
        self.key_id = hashlib.sha256(first).hexdigest()[:12]  # tells keys apart, reveals nothing

    def encrypt(self, secret: SecretStr) -> str:
        """The secret as a token that only this ring reads."""
        return self._fernet.encrypt(secret.get_secret_value().encode()).decode()

    def decrypt(self, token: str) -> SecretStr:
        """The secret inside a token. Raises StartRefused when no key of the ring fits."""
        try:
            return SecretStr(self._fernet.decrypt(token).decode())
        except InvalidToken:
            raise _no_key_fits() from None

    def rotate(self, token: str) -> str:
        """The same secret under the first key. Raises StartRefused when no key of the ring fits."""
        try:
            return self._fernet.rotate(token).decode()
        except InvalidToken:
            raise _no_key_fits() from None

    def seal(self, token: str) -> str:
        """An interaction's token as it is stored; '' is none."""
        return self.encrypt(SecretStr(token)) if token else ""

    def unseal(self, sealed: str, whose: object) -> str:
        """The interaction's token, or '' when it is gone: then the member is told another way.

        `whose` names it in the log.
        """
        if not sealed:
            return ""
        try:
            return self.decrypt(sealed).get_secret_value()
        except StartRefused:
            log.warning("the interaction token of %s was encrypted with a lost key", whose)
            return ""


def _no_key_fits() -> StartRefused:
    return StartRefused(
        "MUSTER_SECRET_KEYS: none of the keys opens a stored secret; put the earlier key back after"
        " the new one, separated by a comma."
    )
