"""`tally keys`: make, list and revoke the keys of sources and operators."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.keyring import load_keys, new_key, revoke_key

app = typer.Typer(help="Keys of sources and operators: new, list, revoke.", no_args_is_help=True)
File = Annotated[Path, typer.Option("--keys", help="The key file.")]


@app.command("new")
def new(
    key_id: Annotated[str, typer.Argument(help="A name for the key, such as a county's.")],
    file: File = Path("keys.toml"),
    operator: Annotated[
        bool, typer.Option("--operator", help="A person at the desk, not a source of counts.")
    ] = False,
    units: Annotated[
        list[str] | None, typer.Option(help="Units it may write; * and ? match. Repeatable. [*]")
    ] = None,
    contests: Annotated[list[str] | None, typer.Option(help="Contests it may write. Repeatable. [*]")] = None,
) -> None:
    """Make a key and print its secret, once: only its hash is stored."""
    secret = new_key(file, key_id, operator=operator, units=units or ["*"], contests=contests or ["*"])
    typer.echo(secret)
    Console(stderr=True).print(
        f"{key_id} is in {file}; restart the service to let it in. The secret is not shown again."
    )


@app.command("list")
def show(file: File = Path("keys.toml")) -> None:
    """List the keys, without their secrets."""
    table = Table("id", "kind", "units", "contests", "status")
    for key in load_keys(file):
        kind = "operator" if key.operator else "source"
        status = "revoked" if key.revoked else "in force"
        table.add_row(key.id, kind, ", ".join(key.units), ", ".join(key.contests), status)
    Console().print(table)


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id.")],
    file: File = Path("keys.toml"),
) -> None:
    """Revoke a key; it takes effect when the service next starts."""
    revoke_key(file, key_id)
    Console(stderr=True).print(f"{key_id} is revoked in {file}; restart the service")
