"""keys.toml: source and operator keys, read, made, revoked; only hashes of secrets are kept."""

import hashlib
import os
import re
import secrets
import stat
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.failure import ConfigurationFault, Fault
from ingest.gate import Key

FIELDS = {"id", "key_sha256", "units", "contests", "valid_from", "valid_until", "revoked"}


def load_keys(path: Path) -> tuple[Key, ...]:
    """The keys in a file. Raises ConfigurationFault with every fault."""
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = int(found.group(1)) if (found := re.search(r"line (\d+)", str(error))) else 1
        raise ConfigurationFault([Fault(str(path), line, str(error))]) from error
    found_faults: list[Fault] = []
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        found_faults.append(Fault(str(path), 1, "others may read or write this file: chmod 600 it"))
    keys = []
    seen: set[str] = set()
    for kind in tables:
        if kind not in {"source", "operator"}:
            found_faults.append(
                Fault(str(path), _line(text, f"[[{kind}"), f"unknown table {kind}: source or operator")
            )
            continue
        for entry in tables[kind]:
            key = _key(entry, kind == "operator")
            line = _line(text, str(entry.get("id", kind)))
            if isinstance(key, str):
                found_faults.append(Fault(str(path), line, key))
            elif key.id in seen:
                found_faults.append(Fault(str(path), line, f"{key.id} is there twice"))
            else:
                seen.add(key.id)
                keys.append(key)
    if found_faults:
        raise ConfigurationFault(found_faults)
    return tuple(keys)


def _key(entry: dict[str, Any], operator: bool) -> Key | str:
    unknown = set(entry) - FIELDS
    if unknown:
        return f"unknown setting {min(unknown)}"
    if not isinstance(entry.get("id"), str) or not re.fullmatch(
        r"[0-9a-f]{64}", str(entry.get("key_sha256", ""))
    ):
        return "a key has an id and key_sha256 (64 hexadecimal digits)"
    instants = {}
    for name in ("valid_from", "valid_until"):
        value = entry.get(name)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return f"{name} is an ISO 8601 instant with its offset"
        if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
            return f"{name} is an instant with its offset"
        instants[name] = None if value is None else int(value.timestamp() * 1_000)
    return Key(
        entry["id"], bytes.fromhex(entry["key_sha256"]), operator, tuple(entry.get("units", ["*"])),
        tuple(entry.get("contests", ["*"])), instants["valid_from"], instants["valid_until"],
        bool(entry.get("revoked", False)),
    )  # fmt: skip


def _line(text: str, wanted: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if wanted in line:
            return number
    return 1


def new_key(path: Path, key_id: str, *, operator: bool, units: list[str], contests: list[str]) -> str:
    """Add a key to the file (made if missing, readable by its owner only); the secret, shown this once."""
    known = load_keys(path) if path.exists() else ()
    if any(key.id == key_id for key in known):
        raise ConfigurationFault(
            [Fault(str(path), 1, f"{key_id} is there already; revoke it or take another id")]
        )
    secret = secrets.token_urlsafe(32)
    entry = [
        f"[[{'operator' if operator else 'source'}]]",
        f'id = "{key_id}"',
        f'key_sha256 = "{hashlib.sha256(secret.encode()).hexdigest()}"',
        f"units = {_toml_list(units)}",
        f"contests = {_toml_list(contests)}",
        "",
    ]
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    _replace(path, before + "\n".join(entry) + "\n")
    return secret


def revoke_key(path: Path, key_id: str) -> None:
    """Mark a key revoked; it stays in the file, so that its id is never given again."""
    if not any(key.id == key_id for key in load_keys(path)):
        raise ConfigurationFault([Fault(str(path), 1, f"no key {key_id}")])
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(
        n for n, line in enumerate(lines) if re.fullmatch(rf'\s*id\s*=\s*"{re.escape(key_id)}"\s*', line)
    )
    lines.insert(at + 1, "revoked = true")
    _replace(path, "\n".join(lines) + "\n")


def _toml_list(values: list[str]) -> str:
    return (
        "[" + ", ".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "]"
    )


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
