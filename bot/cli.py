"""The command line: thin, every failure one sentence and an exit status."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.fernet import Fernet

from bot import logs
from bot.errors import StartRefused
from bot.settings import Settings, load_settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Muster: staff of Roblox communities claim session roles from Discord.",
)


@app.command()
def run() -> None:
    """Run the bot until it is stopped."""
    from bot.runner import fast_loop, run_bot

    settings = _settings()
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(run_bot(settings))


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


def _settings() -> Settings:
    settings = load_settings()
    logs.configure(settings.log_level)
    return settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `muster`; a refused start is told in one sentence, without a traceback."""
    try:
        app(args=arguments)
    except StartRefused as error:
        typer.echo(f"Muster cannot start.\n{error}", err=True)
        sys.exit(2)
