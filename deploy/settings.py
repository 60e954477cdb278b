"""Settings of the service: options, TALLY_* variables and tally.toml, in that order."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from deploy.failure import ConfigurationFault, Fault
from deploy.webhooks import LOOPBACK, WebhookSettings

ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
"""What may stand in a policy as it is; `https://*.example.org` is every host below."""
WEBHOOKS_MAX = 16


class Settings(BaseSettings):
    """Everything an operator may set. Defaults are safe on one machine."""

    model_config = SettingsConfigDict(env_prefix="TALLY_", extra="forbid", hide_input_in_errors=True)

    election: Path | None = Field(
        default=None, description="election.json: the definition; not needed once the journal holds it"
    )
    data: Path = Field(default=Path("data"), description="directory of the journal and its snapshots")
    listen: str = Field(default="127.0.0.1:8080", description="where readers connect")
    ingest_listen: str = Field(
        default="127.0.0.1:8081", description="where sources, the desk and Prometheus connect"
    )
    admin_listen: str | None = Field(default=None, description="metrics and health again, for edges")
    keys: Path | None = Field(
        default=None, description="keys.toml; without it the ingest listener must be on loopback"
    )
    tick_ms: int = Field(
        default=100, ge=0, le=60_000, description="frames gather for this long; 0 sends at once"
    )
    projection_interval_ms: int = Field(
        default=2_000, ge=0, le=3_600_000, description="contests are projected at most so often; 0 is never"
    )
    projection_deadline_ms: int = Field(
        default=10_000, ge=100, le=3_600_000, description="a projection that takes longer is given up"
    )
    snapshot_records: int = Field(default=50_000, ge=0, description="records between snapshots; 0 takes none")
    allowed_origins: tuple[str, ...] = Field(
        default=(), description="origins beyond our own that may open sockets"
    )
    embed_origins: tuple[str, ...] = Field(
        default=(), description="origins beyond our own whose pages may frame /embed; * for any"
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Host names beyond the listen addresses; * for any"
    )
    map: str | None = Field(
        default=None, description="ve, us, or a TopoJSON file: the map of the pages; else the definition's"
    )
    map_property: str | None = Field(
        default=None, description="the property of the file's places that holds ids or names of units"
    )
    webhooks: tuple[WebhookSettings, ...] = Field(
        default=(), max_length=WEBHOOKS_MAX, description="where to post what happens (docs/webhooks.md)"
    )
    behind_proxy: bool = Field(
        default=False, description="a proxy with TLS stands in front: public addresses are fine"
    )
    role: Literal["all"] = Field(
        default="all", description="one process does it all; writers and edges come later"
    )
    loop: Literal["auto", "asyncio", "uvloop"] = Field(default="auto", description="event loop")

    @field_validator("listen", "ingest_listen", "admin_listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            split_address(value)
        return value

    @field_validator("embed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin (scheme://host[:port], lower case) or *")
        return value

    @field_validator("webhooks")
    @classmethod
    def _names(cls, value: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
        names = [one.name for one in value]
        if len(set(names)) < len(names):
            raise ValueError("two webhooks have the same name, by which each one's place is kept")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options first, then the environment, then the file named by `tally.toml`."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _toml_path)


_toml_path: Path | None = None


def split_address(address: str) -> tuple[str, int]:
    """HOST:PORT as a pair. ValueError: it is none."""
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"{address!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def load_settings(config: Path | None, **options: Any) -> Settings:
    """The settings in force. Raises ConfigurationFault with every fault at once."""
    global _toml_path  # noqa: PLW0603 - the library takes the file's name from the class, not the call
    _toml_path = config
    where = str(config) if config else "options"
    if config is not None and not config.is_file():
        raise ConfigurationFault([Fault(where, 1, "no such file")])
    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigurationFault(
            [_fault(config, given, e["loc"], e["msg"]) for e in error.errors()]
        ) from error
    except tomllib.TOMLDecodeError as error:
        line = int(found.group(1)) if (found := re.search(r"line (\d+)", str(error))) else 1
        raise ConfigurationFault([Fault(where, line, str(error))]) from error
    except SettingsError as error:
        # Of a variable that holds a list: the one form that is parsed before it is judged.
        name = found.group(1) if (found := re.search(r'field "(\w+)"', str(error))) else "variable"
        raise ConfigurationFault(
            [Fault(_variable(name), 1, 'a JSON list is needed, such as ["…", "…"]')]
        ) from error
    faults = _public_faults(settings, where)
    if faults:
        raise ConfigurationFault(faults)
    return settings


def _variable(name: str) -> str:
    return f"TALLY_{name.upper()}"


def _fault(config: Path | None, given: dict[str, Any], location: tuple[int | str, ...], said: str) -> Fault:
    """A fault where it was written: on the command line, in a variable, in the file; in this order they win."""
    name = str(location[0]) if location else ""
    what = said.removeprefix("Value error, ").replace("valid tuple", "list")
    told = f"{'.'.join(map(str, location))}: {what}"
    if name not in given and _variable(name) in os.environ:
        return Fault(_variable(name), 1, told)
    if config is None or name in given:
        return Fault("options", 1, told)
    return Fault(str(config), _line_of(config, location), told)


def _public_faults(settings: Settings, where: str) -> list[Fault]:
    found = []
    for name in ("listen", "ingest_listen", "admin_listen"):
        address = getattr(settings, name)
        if address is None or split_address(address)[0] in LOOPBACK or settings.behind_proxy:
            continue
        found.append(Fault(where, 1, f"{name}: {address} is public: put TLS in front and say --behind-proxy"))
    if settings.keys is None and split_address(settings.ingest_listen)[0] not in LOOPBACK:
        found.append(Fault(where, 1, "ingest_listen: a public ingest listener needs --keys"))
    return found


def _line_of(config: Path | None, location: tuple[int | str, ...]) -> int:
    if config is None or not location:
        return 1
    found, seen = 1, -1
    for number, line in enumerate(config.read_text(encoding="utf-8").splitlines(), 1):
        word = line.split("=")[0].strip().strip('"')
        if word == str(location[0]):
            return number
        if word == f"[[{location[0]}]]":  # a list of tables: the one meant, and in it the line at fault
            seen += 1
            found = number if location[1:] and seen == location[1] else found
        if seen >= 0 and location[2:] and seen == location[1] and word == str(location[2]):
            return number
    return found
