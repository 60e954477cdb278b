"""Webhooks in the settings: each checked where it is written, its secrets shown nowhere."""

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ws.webhooks.endpoint import Endpoint

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SECRET_BYTES_MIN = 24
"""As Standard Webhooks has it."""


class WebhookSettings(BaseModel):
    """One `[[webhooks]]` of tally.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    url: SecretStr
    secret: SecretStr
    events: tuple[Literal["irreversible", "withdrawn", "correction", "threshold", "desk", "review"], ...] = (
        "irreversible",
        "withdrawn",
        "correction",
        "threshold",
    )
    thresholds: tuple[Annotated[int, Field(ge=1, le=100, strict=True)], ...] = (25, 50, 75, 100)
    plain_http: bool = False

    @model_validator(mode="after")
    def _sound(self) -> "WebhookSettings":
        url = self.url.get_secret_value()
        if not url.startswith(("https://", "http://")):
            raise ValueError("url: not a URL with https or http")
        if not self.plain_http and not is_private(url):
            raise ValueError("url: https, or this machine; say plain_http = true to post in the clear")
        secrets = self.secret.get_secret_value().split()
        if not secrets or not all(map(_is_secret, secrets)):
            raise ValueError(
                "secret: whsec_ and at least 24 bytes in base64; several are separated by spaces"
            )
        return self

    def endpoint(self) -> Endpoint:
        """What the sender works with."""
        return Endpoint(
            self.name,
            self.url.get_secret_value(),
            tuple(self.secret.get_secret_value().split()),
            frozenset(self.events),
            frozenset(self.thresholds),
        )


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is posted: TLS, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.hostname or "") in LOOPBACK


def _is_secret(secret: str) -> bool:
    try:
        held = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    return secret.startswith("whsec_") and len(held) >= SECRET_BYTES_MIN
