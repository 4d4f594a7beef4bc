"""Files of links as spreadsheets write them, and as people who mean harm do."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.models import FileLine, Verdict
from bot.services.link_files import MAX_BYTES, MAX_LINES, read_links, safe_cell, write_csv

ANA, BEN = 234567890123456789, 345678901234567891
PLAIN = f"{ANA},156\n{BEN},Builderman\n"
EXPECTED = [FileLine(1, ANA, 156), FileLine(2, BEN, 0, "Builderman")]


def one(text: str) -> FileLine:
    """The only line of a file."""
    (line,) = read_links(text.encode())
    return line


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(encoding: str, separator: str, end: str) -> None:
    text = PLAIN.replace(",", separator).replace("\n", end)
    assert read_links(text.encode(encoding)) == EXPECTED


def test_a_big_endian_mark() -> None:
    assert read_links(b"\xfe\xff" + PLAIN.encode("utf-16-be")) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_letters_beyond_ascii_in_other_columns(encoding: str) -> None:
    text = f"Discord ID;Roblox;Größe\n{ANA};Builderman;fünf\n"
    assert read_links(text.encode(encoding)) == [FileLine(2, ANA, 0, "Builderman")]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("discord_id,roblox_id", f"{ANA},156", FileLine(2, ANA, 156)),
        ("Roblox Username,Discord ID", f"Builderman,{ANA}", FileLine(2, ANA, 0, "Builderman")),
        ("note,Discord,Roblox ID", f"hi,{ANA},156", FileLine(2, ANA, 156)),
        ("discord_id,roblox_id,username", f"{ANA},156,Other", FileLine(2, ANA, 156)),
        ("discord_id,roblox_id,username", f"{ANA},,Builderman", FileLine(2, ANA, 0, "Builderman")),
        ("discord_id,username", f"{ANA},200200", FileLine(2, ANA, 0, "200200")),
    ],
)
def test_a_header_says_what_stands_where(header: str, row: str, expected: FileLine) -> None:
    assert one(f"{header}\n{row}\n") == expected


def test_excels_own_hint_of_the_separator() -> None:
    assert read_links(f"sep=;\n{ANA};156\n".encode()) == [FileLine(2, ANA, 156)]


@pytest.mark.parametrize(
    "cell", [f'"{ANA}"', f"'{ANA}", f'="{ANA}"', f"  {ANA} ", f"<@{ANA}>", f"<@!{ANA}>"]
)
def test_an_id_however_it_is_dressed(cell: str) -> None:
    written = '"' + cell.replace('"', '""') + '"' if "=" in cell else cell
    assert one(f"{written},156") == FileLine(1, ANA, 156)


def test_quoted_fields_with_separators_quotes_and_line_breaks() -> None:
    text = f'discord,roblox,note\n"{ANA}","Builderman","a ""b"", c\nd"\n{BEN},156,\n'
    assert read_links(text.encode()) == [
        FileLine(2, ANA, 0, "Builderman"), FileLine(4, BEN, 156),
    ]  # fmt: skip


def test_a_lost_quotation_mark_costs_its_own_line_only() -> None:
    rows = "".join(f"{BEN + number},{number + 1}\n" for number in range(100))
    lines = read_links(f'{ANA},"Builderman\n{rows}'.encode())
    assert lines[0] == FileLine(1, verdict=Verdict.UNCLOSED)
    assert [line.verdict for line in lines[1:]] == [None] * 100


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ("2.34568E+17,156", Verdict.MANGLED),
        ('"2,34568E+17";156', Verdict.MANGLED),
        (f"{ANA},3.07E+09", Verdict.MANGLED),
        ("Ana,156", Verdict.NO_ID),
        ("12345,156", Verdict.NO_ID),
        (f"{2**64},156", Verdict.NO_ID),
        ("-5,156", Verdict.FORMULA),
        (",156", Verdict.NO_ID),
        (f"{ANA}", Verdict.NO_ACCOUNT),
        (f"{ANA},two words", Verdict.NO_ACCOUNT),
        (f"{ANA},ab", Verdict.NO_ACCOUNT),
        (f"{ANA},{10**30}", Verdict.UNKNOWN),
        (f"{ANA},007", Verdict.UNKNOWN),
        ("=SUM(A1:A9),156", Verdict.FORMULA),
        ("+1+1,156", Verdict.FORMULA),
        ("@SUM(A1),156", Verdict.FORMULA),
        (f'{ANA},"=HYPERLINK(""http://x.test"",""y"")"', Verdict.FORMULA),
        (f"{ANA},=cmd|' /C calc'!A0", Verdict.FORMULA),
    ],
)
def test_what_cannot_count_says_why(row: str, verdict: Verdict) -> None:
    assert one(row).verdict is verdict


def test_ids_that_were_rounded_without_a_sign() -> None:
    rounded = "".join(
        f"{(ANA + number * 10**6) // 1000 * 1000},{number + 1}\n" for number in range(5)
    )
    lines = read_links(f"{rounded}{BEN},156\n".encode())
    assert [line.verdict for line in lines] == [Verdict.MANGLED] * 5 + [None]
    lonely = read_links(f"234567890123456000,9\n{PLAIN}".encode())
    assert [line.verdict for line in lonely] == [None] * 3, "one in a thousand ids ends like this"


def test_fifty_thousand_rows() -> None:
    rows = "".join(f"{ANA + 1009 * number},{number + 1}\n" for number in range(MAX_LINES))
    lines = read_links(rows.encode())
    assert len(lines) == MAX_LINES
    assert all(line.verdict is None for line in lines)
    with pytest.raises(Refusal, match="more than 50,000 lines"):
        read_links((rows + f"{BEN},1\n{BEN},2\n").encode())


def test_one_line_of_ten_megabytes_is_refused_unread() -> None:
    with pytest.raises(Refusal, match="too big: at most 5 MB"):
        read_links(b"1" * 10_000_000)


@pytest.mark.parametrize("sign", [b"1", b'"', b",", b"a,", b'",'])
def test_one_line_as_long_as_allowed(sign: bytes) -> None:
    lines = read_links(sign * (MAX_BYTES // len(sign)))
    assert lines == [FileLine(1, verdict=Verdict.TOO_LONG)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest of a workbook", "Save As"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a text file"),
        (b"\x81\x8d\xff", "not a text file"),
        (b"\xff\xfea", "not a text file"),
        (b"", "no lines"),
        (b"\xef\xbb\xbf", "no lines"),
        (b"\n\n ,, \n", "no lines"),
        (b"discord_id,roblox_id\n", "no lines"),
    ],
)
def test_files_that_are_none(content: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        read_links(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        lines = read_links(content)
    except Refusal:
        return
    for line in lines:
        assert line.verdict or (line.discord_id and (line.roblox_id or line.username))


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=4), max_size=5))
def test_what_is_written_is_never_a_formula(rows: list[list[str]]) -> None:
    text = write_csv(rows).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_a_cell_of_nothing_and_of_numbers() -> None:
    assert [safe_cell(one) for one in (None, 5, "=1", "x")] == ["", "5", "'=1", "x"]
