"""What admins read about an import of links."""

from __future__ import annotations

from bot.buttons import Action, Button
from bot.models import ImportState, Verdict
from bot.replies import Attached, Reply
from bot.services.link_directory import report_file
from bot.services.link_files import SIZE_RULE
from bot.services.link_imports import Report

HOW = (
    "Send a CSV file with the option `file`: one line for each member, with their Discord id and"
    f" their Roblox username or id; {SIZE_RULE}. Any spreadsheet can save one. Muster first shows"
    " what it would change; nothing happens before you press Apply. The file itself is not kept."
)
_CONFLICTS = (Verdict.TAKEN, Verdict.PROVED, Verdict.CONTRADICTION)
_UNREADABLE = (
    Verdict.MANGLED, Verdict.NO_ID, Verdict.NO_ACCOUNT, Verdict.FORMULA, Verdict.TOO_LONG,
    Verdict.UNCLOSED,
)  # fmt: skip


def import_reply(report: Report | None) -> Reply:
    """Where the last import stands, and what can be done with it."""
    if report is None:
        return Reply(f"Nothing was imported here lately.\n{HOW}")
    state = report.one.state
    if state is ImportState.PLANNED:
        return _planned(report)
    number = report.one.import_id
    if state is ImportState.APPLIED:
        stamp = int(report.one.applied_at.timestamp()) if report.one.applied_at else 0
        left = report.clean - report.done
        missed = (
            f" {_members(left)} were left as they are, because they were linked otherwise after the"
            " dry run."
            if left
            else ""
        )
        return Reply(
            f"✔ **Applied** <t:{stamp}:R>: {_members(report.done)} linked.{missed}\n"
            "They read of it at their next use. You can undo the whole import for a day.",
            (
                Button(Action.ASK_UNDO_IMPORT, number, "Undo this import", "red"),
                Button(Action.IMPORT_REPORT, number, "Line-by-line report"),
            ),
        )
    if state is ImportState.UNDONE:
        kept = f" {_members(report.done)} were changed since and stay." if report.done else ""
        return Reply(f"✔ The import is undone: what was before it is back.{kept}")
    return Reply("⏳ An import is being worked on. Look again with `/links import` in a minute.")


def ask_undo_reply(report: Report) -> Reply:
    """The question before an import is undone."""
    number = report.one.import_id
    return Reply(
        f"Undo the import that linked {_members(report.done)}? Everybody gets back what they had"
        " before; who had nothing is not linked any more. What was changed since stays.",
        (
            Button(Action.UNDO_IMPORT, number, "Undo it", "red"),
            Button(Action.CANCEL, number, "Keep it"),
        ),
    )


def report_reply(report: Report) -> Reply:
    """The file that says what each line came to."""
    name = f"links-report-{report.one.import_id}.csv"
    text = "What each line of the file came to:"
    return Reply(text, files=(Attached(name, report_file(report.lines)),))


def progress_text(what: str, done: int, total: int) -> str:
    """One line while it takes long."""
    return f"⏳ {what}: {done:,} of {total:,}. You can leave this open; it goes on by itself."


def _planned(report: Report) -> Reply:
    counts = report.counts

    def count(*verdicts: Verdict) -> int:
        return sum(counts.get(verdict, 0) for verdict in verdicts)

    lines = [
        (count(Verdict.NEW), "new", "will be linked"),
        (count(Verdict.CHANGED), "changed", "have another account now, which will be replaced"),
        (count(Verdict.SAME), "the same", "are linked like this already"),
        (count(*_CONFLICTS), "in conflict", "are left for you to decide; the report says why"),
        (count(Verdict.UNKNOWN), "unknown", "name an account that Roblox does not have"),
        (count(Verdict.ELSEWHERE), "not in this server", "are left out"),
        (count(*_UNREADABLE), "unreadable", "are left out; the report says what to correct"),
        (count(Verdict.REPEATED), "repeated", "say what an earlier line says"),
    ]
    text = ["**Dry run.** Nothing is changed yet. Of the lines of your file:"]
    text += [f"• **{number:,} {name}** – {what}" for number, name, what in lines if number]
    if report.unchecked:
        text.append(
            f"⚠ Of {report.unchecked:,} it could not be checked whether they are members here."
        )
    number = report.one.import_id
    if not report.clean:
        text.append("There is nothing to apply.")
    buttons = [Button(Action.IMPORT_REPORT, number, "Line-by-line report")]
    if report.clean:
        apply = f"Apply {report.clean:,} clean {'line' if report.clean == 1 else 'lines'}"
        buttons.insert(0, Button(Action.APPLY_IMPORT, number, apply, "green"))
    buttons.append(Button(Action.DROP_IMPORT, number, "Discard"))
    files = report_reply(report).files if report.lines else ()
    if files:
        buttons = [button for button in buttons if button.action is not Action.IMPORT_REPORT]
        text.append("The attached report says what each line comes to.")
    return Reply("\n".join(text), tuple(buttons), files=files)


def _members(number: int) -> str:
    return f"{number:,} member{'' if number == 1 else 's'}"
