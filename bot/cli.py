"""The command line: thin, every failure one sentence and an exit status."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from cryptography.fernet import Fernet

from bot import logs
from bot.errors import MusterError, StartRefused
from bot.settings import Settings, load_settings

log = logging.getLogger(__name__)

T = TypeVar("T")

REFUSED = 2  # exit status

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Muster: staff of Roblox communities claim session roles from Discord.",
)


links = typer.Typer(no_args_is_help=True, help="Import and export the account links of a guild.")
app.add_typer(links, name="links")
Guild = Annotated[int, typer.Option("--guild", help="The id of the Discord server.", min=1)]


@app.command()
def run() -> None:
    """Run the bot until it is stopped."""
    from bot.runner import fast_loop, run_bot

    try:
        settings = _settings()
        with asyncio.Runner(loop_factory=fast_loop()) as runner:
            runner.run(run_bot(settings))
    except StartRefused as error:
        if logs.for_person():
            typer.echo(f"Muster cannot start.\n{error}", err=True)
        else:  # as a line of the log, which may not be set up yet
            logs.configure("INFO")
            log.critical("Muster cannot start. %s", error)
        raise typer.Exit(REFUSED) from None


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes any free one.")] = 8321,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
    script: Annotated[
        bool, typer.Option("--script", help="Play the tour without a page, print it, and stop.")
    ] = False,
) -> None:
    """Try everything on this machine, without a Discord token or a platform."""
    if script:
        from bot.sandbox.script import run_script

        raise typer.Exit(asyncio.run(run_script()))
    from bot.sandbox.demo import run_demo

    asyncio.run(run_demo(port=port, browser=not no_browser))


@app.command()
def doctor() -> None:
    """Check settings, database, Discord and every workspace; exit status 1 when one is wrong."""
    from bot.doctor import examine

    settings = _settings()

    async def check() -> bool:
        healthy = True
        async for finding in examine(settings):
            typer.echo(str(finding))
            healthy = healthy and finding.ok
        return healthy

    if not asyncio.run(check()):
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema. `muster run` does the same at its start."""
    from bot.store.database import migrate as apply

    asyncio.run(apply(_settings().database_url))
    typer.echo("The database is up to date.")


@app.command()
def status() -> None:
    """Show on one screen how Muster does: guilds, workspaces, journal, last polls."""
    from bot.status import describe

    settings = _settings()

    async def show() -> None:
        async for line in describe(settings, datetime.now(UTC)):
            typer.echo(line)

    asyncio.run(show())


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file for the copy.")]) -> None:
    """Copy the SQLite database into a file, also while Muster runs."""
    from bot.store.backups import backup as copy

    copy(_settings().database_url, file)
    typer.echo(f"Copied into {file}. The keys in MUSTER_SECRET_KEYS are not in it: keep them, too.")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="What `muster backup` wrote.")]) -> None:
    """Put a backup in place of the SQLite database; Muster must not run."""
    from bot.store.backups import restore as put_back
    from bot.store.instance import only_instance

    url = _settings().database_url
    with only_instance(url):
        kept = put_back(url, file, datetime.now(UTC))
    typer.echo(f"Restored {file}." + (f" What was there before is in {kept}." if kept else ""))


@app.command()
def rotate_keys() -> None:
    """Encrypt every stored secret with the first of MUSTER_SECRET_KEYS, also while Muster runs."""
    from bot.store.rotation import rotate

    settings = _settings()
    count = asyncio.run(rotate(settings.database_url, settings.secret_keys))
    typer.echo(f"{count} stored secrets were encrypted anew; all are under the first key now.")


@app.command()
def generate_key() -> None:
    """Print a new key for MUSTER_SECRET_KEYS."""
    typer.echo(Fernet.generate_key().decode())


@links.command("import")
def import_links(
    file: Annotated[Path, typer.Argument(help="CSV of Discord id and Roblox name or id.")],
    guild: Guild,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Link who is new or changed, or only look.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write what each line comes to into this CSV file.")
    ] = None,
) -> None:
    """Link many members from a CSV file; without --apply only says what would change."""
    from bot.links_cli import import_file

    async def told(what: str, done: int, total: int) -> None:
        typer.echo(f"{what}: {done:,} of {total:,}", err=True)

    settings = _settings()
    work = import_file(settings, file, guild, apply=apply, report=report, told=told)
    for line in _in_one_sentence(work):
        typer.echo(line)


@links.command("export")
def export_links(
    guild: Guild,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else standard output.")
    ] = None,
) -> None:
    """Write all links of a guild as CSV, which can be imported again."""
    from bot.links_cli import export_file

    content, count = _in_one_sentence(export_file(_settings(), guild, output))
    if output is None:
        sys.stdout.buffer.write(content)
    typer.echo(f"{count:,} links exported.", err=True)


def _in_one_sentence(work: Coroutine[Any, Any, T]) -> T:
    """Run it; what goes wrong is told without a traceback, with exit status 1."""
    try:
        return asyncio.run(work)
    except StartRefused:
        raise
    except MusterError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _settings() -> Settings:
    settings = load_settings()
    logs.configure(settings.log_level)
    return settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `muster`; what is refused is told in one sentence, without a traceback."""
    try:
        app(args=arguments)
    except StartRefused as error:
        typer.echo(str(error), err=True)
        sys.exit(REFUSED)
