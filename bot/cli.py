"""The command line: thin, every failure one sentence and an exit status."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
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
    from bot.runner import run_bot

    settings = _settings()
    asyncio.run(run_bot(settings))


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
