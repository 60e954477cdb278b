"""The command line: one command a file, and every way to end mapped to its exit code."""

import sys

import typer

from deploy import failure
from deploy.commands import backtest, bake, decide, desk, digest, keys, replay, serve, verify, watch
from deploy.failure import ConfigurationFault
from deploy.version import VERSION
from ingest.journal.contract import JournalBusy, JournalFull, JournalLost, JournalUnsound

UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises for a wrong command line; it names only the subclasses in public."""

app = typer.Typer(
    name="tally",
    help="Election night, told truthfully, live: exact tallies, and proof once an outcome can no longer change.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("replay")(replay.replay)
app.command("backtest")(backtest.backtest)
app.command("bake")(bake.bake)
app.command("decide")(decide.decide)
app.command("verify")(verify.verify)
app.command("digest")(digest.digest)
app.command("watch")(watch.watch)
app.add_typer(keys.app, name="keys")
app.command("desk")(desk.desk)


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version and end.", is_eager=True),
) -> None:
    """Count, decide, prove, show."""
    if show:
        typer.echo(f"tally {VERSION}")
        raise typer.Exit


def main() -> None:
    """Run the command line and end with the exit code the outcome has."""
    if not __debug__:
        sys.stderr.write(
            "tally: python -O removes the checks this program ends by when it is wrong; run without it\n"
        )
        raise SystemExit(failure.USAGE)
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of a command line. What went wrong is on standard error, once, in plain words."""
    try:
        result = app(arguments, standalone_mode=False)
    except UsageError as error:
        error.show()  # type: ignore[attr-defined]  # every usage error can show itself
        return failure.USAGE
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return failure.DONE
    except BaseExceptionGroup as group:
        return _ended(_innermost(group))
    except (ConfigurationFault, JournalUnsound, JournalLost, JournalFull, JournalBusy, OSError) as error:
        return _ended(error)
    return result if isinstance(result, int) else failure.DONE


def _innermost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    for error in group.exceptions:
        return _innermost(error) if isinstance(error, BaseExceptionGroup) else error
    return group


def _ended(error: BaseException) -> int:
    """Say what ended the program; its exit code. Anything unexpected is a bug and keeps its traceback."""
    known: list[tuple[type[BaseException], int]] = [
        (ConfigurationFault, failure.CONFIGURATION),
        (JournalUnsound, failure.UNSOUND),
        (JournalLost, failure.LOST),
        (JournalFull, failure.LOST),
        (JournalBusy, failure.CONFIGURATION),
        (FileNotFoundError, failure.CONFIGURATION),
        (OSError, failure.AWAY),
        (KeyboardInterrupt, failure.DONE),
    ]
    for kind, code in known:
        if isinstance(error, kind):
            if str(error):
                sys.stderr.write(
                    f"tally: {error}\n" if not isinstance(error, ConfigurationFault) else f"{error}\n"
                )
            return code
    raise error
