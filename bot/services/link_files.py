"""Files of links as spreadsheets and admins really write them: read, and written safely.

Pure: bytes or rows in, rows or bytes out. Big files are for a thread.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.errors import Refusal
from bot.models import FileLine, Verdict
from bot.store.columns import BIGGEST_ID

MAX_BYTES = 5_000_000
MAX_LINES = 50_000
SIZE_RULE = "at most 5 MB and 50,000 lines"
MAX_LINE = 2000  # characters; a line of two ids has fifty
MAX_SPAN = 20  # lines of one record, where a quoted note has line breaks in it

_DELIMITERS = ",;\t"
_DISCORD_HEADERS = {"discordid", "discord", "discorduserid", "userid", "member", "memberid"}
_ACCOUNT_HEADERS = {"robloxid", "robloxuserid", "roblox", "account"}  # a name may stand there too
_NAME_HEADERS = {"username", "robloxusername", "robloxname", "name"}
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+\d+")
_QUOTED_NUMBER = re.compile(r'="?(\d+)"?')  # how careful people keep a spreadsheet from rounding
_MENTION = re.compile(r"<@!?(\d+)>")
_USERNAME = re.compile(r"\w{3,20}", re.ASCII)
_ROUNDED = 3  # trailing zeros: spreadsheets keep 15 of an id's 18 digits
_FORMULA = tuple("=+-@\t\r")


def read_links(content: bytes) -> list[FileLine]:
    """Every line of the file that says something, with a verdict where it says nothing usable.

    Raises Refusal when the whole file cannot be read.
    """
    lines = re.split(r"\r\n|\r|\n", _decode(content))
    if sum(1 for line in lines if line.strip()) > MAX_LINES + 1:  # and a header
        raise Refusal("The file has more than 50,000 lines. Split it and import the parts.")
    first = 0
    if lines[0].lower().startswith("sep="):  # Excel's own way to name the separator
        delimiter, first = lines[0][4:5] or ",", 1
    else:
        delimiter = _delimiter(lines)
    records = list(_records(lines, first, delimiter))
    columns = _columns(records[0][1]) if records else None
    if columns is not None:
        records = records[1:]
    found = [_to_line(number, cells, columns or (0, 1, None)) for number, cells in records]
    if not found:
        raise Refusal("The file has no lines. It needs a Discord id and a Roblox account on each.")
    return _without_rounded(found)


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as a file that spreadsheets open as what it is, and in which nothing is a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def safe_cell(value: object) -> str:
    """The cell's text; what a spreadsheet would calculate gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise Refusal(f"The file is too big: {SIZE_RULE}. Split it and import the parts.")
    if content.startswith(b"PK\x03\x04"):
        raise Refusal(
            "This is an Excel workbook, not a CSV file. In Excel choose Save As and there"
            " “CSV UTF-8”, then send that file."
        )
    text = None
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or "\0" in text:
        raise Refusal("This is not a text file. Save the sheet as CSV and send that file.")
    return text.removeprefix("\ufeff")


def _encodings(content: bytes) -> tuple[str, ...]:
    """The likely ones, best first. Ids and names are ASCII, so UTF-16 shows by its zeros."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    start = content[:400]
    zeros = len(start) // 4
    if start[1::2].count(0) > zeros:
        return ("utf-16-le",)
    if start[0::2].count(0) > zeros:
        return ("utf-16-be",)
    return ("utf-8-sig", "cp1252")


def _delimiter(lines: Sequence[str]) -> str:
    """The one that splits most of the first lines, the more of them the better."""
    sample = [re.sub(r'"[^"]*"', "", line[:MAX_LINE]) for line in lines[:50]]
    return max(_DELIMITERS, key=lambda sign: sum(sign in line for line in sample))


def _records(
    lines: Sequence[str], first: int, delimiter: str
) -> Iterator[tuple[int, list[str] | Verdict]]:
    """(number of its first line, cells) of each record that is not empty."""
    at = first
    while at < len(lines):
        cells, span = _record(lines, at, delimiter)
        if isinstance(cells, Verdict) or any(cell.strip() for cell in cells):
            yield at + 1, cells
        at += span


def _record(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | Verdict, int]:
    """One record and how many lines it takes: a lost quotation mark costs its own line only."""
    line = lines[at]
    if len(line) > MAX_LINE:
        return Verdict.TOO_LONG, 1
    if line.count('"') % 2 == 0:
        return next(csv.reader([line], delimiter=delimiter), []), 1
    part = [text[:MAX_LINE] + "\n" for text in lines[at : at + MAX_SPAN]]
    reader = csv.reader(part, delimiter=delimiter, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return Verdict.UNCLOSED, 1


def _columns(cells: list[str] | Verdict) -> tuple[int, int | None, int | None] | None:
    """Where the Discord id, the Roblox id and the Roblox name stand, if this is a header."""
    if isinstance(cells, Verdict):
        return None
    names = [re.sub(r"[^a-z]", "", cell.casefold()) for cell in cells]

    def find(wanted: set[str]) -> int | None:
        return next((place for place, name in enumerate(names) if name in wanted), None)

    discord = find(_DISCORD_HEADERS)
    roblox_id, username = find(_ACCOUNT_HEADERS), find(_NAME_HEADERS)
    if discord is None and roblox_id is None and username is None:
        return None  # a header in other words is refused as a line, which does no harm
    if roblox_id is None and username is None:
        roblox_id = 1
    return discord or 0, roblox_id, username


def _to_line(
    number: int,
    cells: list[str] | Verdict,
    columns: tuple[int, int | None, int | None],
) -> FileLine:
    if isinstance(cells, Verdict):
        return FileLine(number, verdict=cells)
    discord, id_place, name_place = columns
    discord_id = _to_discord_id(_cell(cells, discord))
    if isinstance(discord_id, Verdict):
        return FileLine(number, verdict=discord_id)
    account = _cell(cells, id_place)
    if account or name_place is None:
        return _with_account(FileLine(number, discord_id), account, named=False)
    return _with_account(FileLine(number, discord_id), _cell(cells, name_place), named=True)


def _cell(cells: list[str], place: int | None) -> str:
    text = cells[place].strip() if place is not None and place < len(cells) else ""
    return text[1:].strip() if text.startswith("'") else text


def _to_discord_id(text: str) -> int | Verdict:
    found = _MENTION.fullmatch(text) or _QUOTED_NUMBER.fullmatch(text)
    digits = found[1] if found else text
    if digits.isascii() and digits.isdecimal():
        number = int(digits) if len(digits) <= 20 else 0
        return number if len(digits) >= 15 and 0 < number <= BIGGEST_ID else Verdict.NO_ID
    if _SCIENTIFIC.fullmatch(text):
        return Verdict.MANGLED
    return Verdict.FORMULA if text.startswith(_FORMULA) else Verdict.NO_ID


def _with_account(line: FileLine, text: str, *, named: bool) -> FileLine:
    quoted = _QUOTED_NUMBER.fullmatch(text)
    name = (quoted[1] if quoted else text).removeprefix("@")
    if name.isascii() and name.isdecimal() and not named:
        number = int(name) if len(name) <= 20 else 0
        fits = 0 < number <= BIGGEST_ID and not name.startswith("0")
        return replace(line, roblox_id=number) if fits else replace(line, verdict=Verdict.UNKNOWN)
    if _USERNAME.fullmatch(name):
        return replace(line, username=name)
    if _SCIENTIFIC.fullmatch(name):
        return replace(line, verdict=Verdict.MANGLED)
    formula = text.startswith(_FORMULA) and text != "@"
    return replace(line, verdict=Verdict.FORMULA if formula else Verdict.NO_ACCOUNT)


def _without_rounded(lines: list[FileLine]) -> list[FileLine]:
    """Ids that a spreadsheet rounded without telling end in zeros, and so do their neighbours."""

    def is_round(line: FileLine) -> bool:
        return line.discord_id >= 10**17 and line.discord_id % 10**_ROUNDED == 0

    round_ones = Counter(is_round(line) for line in lines if line.discord_id)
    if round_ones[True] < 3 or round_ones[True] < round_ones[False]:
        return lines
    return [replace(one, verdict=Verdict.MANGLED) if is_round(one) else one for one in lines]
