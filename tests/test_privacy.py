"""PRIVACY.md, the declaration behind it and the schema say the same."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Table

from bot.settings import Settings
from bot.store.columns import IdSet
from bot.store.holdings import Then, list_people, of_guild
from bot.store.personal_data import HOLDINGS, NOT_PEOPLE
from bot.store.schema import metadata

ROOT = Path(__file__).parents[1]
PRIVACY = (ROOT / "PRIVACY.md").read_text("utf-8")
ENDINGS = ("_id", "_ids", "_by")
WITHOUT_A_GUILD = {"app_state", "erasures", "proofs"}


def could_be_people(table: Table) -> set[str]:
    """Columns with numbers that may be somebody's id."""
    return {
        column.name
        for column in table.c
        if isinstance(column.type, BigInteger | IdSet) and column.name.endswith(ENDINGS)
    } - NOT_PEOPLE


def test_every_table_is_declared_once() -> None:
    declared = [holding.table.name for holding in HOLDINGS]
    assert sorted(declared) == sorted(metadata.tables)


def test_every_id_of_a_person_is_declared() -> None:
    declared = {h.table.name: {column.name for column in list_people(h)} for h in HOLDINGS}
    undeclared = {
        name: missing
        for name, table in metadata.tables.items()
        if (missing := could_be_people(table) - declared.get(name, set()))
    }
    assert undeclared == {}, "say in bot/store/personal_data.py what erasing does with these"


def test_what_is_declared_fits_its_table() -> None:
    for holding in HOLDINGS:
        columns = [*list_people(holding), *holding.shown, *holding.keys]
        assert all(column.table is holding.table for column in columns), holding.table.name
        for person in holding.people:
            assert set(person.too) <= set(holding.table.c.keys())
            if person.then is Then.BLANK:
                known = {column.name for column in person.own} & could_be_people(holding.table)
                assert known <= set(person.too), f"{holding.table.name}: {known} stay"


def test_no_secret_is_shown() -> None:
    shown = {column.name for holding in HOLDINGS for column in holding.shown}
    assert [name for name in shown if "encrypted" in name or "key" in name] == []


def test_every_encrypted_column_of_a_guild_is_emptied_with_its_keys() -> None:
    for holding in HOLDINGS:
        secrets = {c for c in holding.table.c if c.name.startswith("encrypted_")}
        of_members = {holding.table.c[n] for p in holding.people for n in p.too}
        assert secrets <= {*holding.keys} | of_members, holding.table.name


def test_every_table_of_a_guild_goes_with_it() -> None:
    lost = {name for name, table in metadata.tables.items() if of_guild(table, 1) is None}
    assert lost == WITHOUT_A_GUILD


def test_an_account_without_a_member_is_found_by_guild() -> None:
    for holding in HOLDINGS:
        assert holding.account is None or of_guild(holding.table, 1) is not None


def expected_table() -> list[str]:
    """What PRIVACY.md has to say, line by line."""
    head = ["| what | why | how long | who sees it |", "| --- | --- | --- | --- |"]
    rows = [
        f"| {h.what[0].upper()}{h.what[1:]} | {h.why} | {h.how_long} | {h.seen_by} |"
        for h in HOLDINGS
        if h.personal
    ]
    return head + rows


def test_privacy_md_says_what_is_declared() -> None:
    missing = [line for line in expected_table() if line not in PRIVACY.splitlines()]
    assert missing == [], "copy these lines into PRIVACY.md:\n" + "\n".join(missing)
    known = {*expected_table()}
    lines = [line for line in PRIVACY.splitlines() if line.startswith("| ")]
    assert [line for line in lines if line not in known] == []


def test_privacy_md_names_the_limits_and_their_defaults() -> None:
    for name in ("journal_days", "name_days", "removed_guild_days"):
        default = Settings.model_fields[name].default
        assert f"`MUSTER_{name.upper()}`" in PRIVACY
        assert f"{default} days" in PRIVACY


def test_the_readme_leads_there() -> None:
    assert "(PRIVACY.md)" in (ROOT / "README.md").read_text("utf-8")
