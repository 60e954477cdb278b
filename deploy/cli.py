"""The command line: one command a file, and every way to end mapped to its exit code."""

import errno
import sys
from collections.abc import Callable

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
    rich_markup_mode=None,  # as markup, defaults in square brackets vanish; in a box, names of options are cut
)
COMMANDS: dict[str, tuple[Callable[..., object], str]] = {
    "serve": (serve.serve, "Run the service."),
    "replay": (replay.replay, "Play a past night, live or at once."),
    "watch": (watch.watch, "Follow a service in the terminal."),
    "verify": (verify.verify, "Check what is claimed, from unit rows."),
    "bake": (bake.bake, "Keep a copy that any web server can serve."),
    "desk": (desk.desk, "Dispute, annul, restore, correct, amend."),
    "digest": (digest.digest, "Print the state's SHA-256."),
    "decide": (decide.decide, "Judge one instance, without a service."),
    "backtest": (backtest.backtest, "Judge projections on past nights."),
}
for _name, (_does, _briefly) in COMMANDS.items():
    app.command(_name, short_help=_briefly)(_does)
app.add_typer(keys.app, name="keys")


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
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                sys.stderr.write(f"tally: {error.strerror or error}; `ss -ltnp` says by whom\n")
            elif str(error):
                sys.stderr.write(
                    f"tally: {error}\n" if not isinstance(error, ConfigurationFault) else f"{error}\n"
                )
            return code
    raise error
