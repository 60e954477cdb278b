"""The documents as the bytes that are committed."""

import msgspec

from deploy.api import asyncapi, openapi


def written() -> dict[str, bytes]:
    """Each document by the name of its file, indented, in the order it is told."""
    made = {"openapi.json": openapi.document(), "asyncapi.json": asyncapi.document()}
    return {
        name: msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
        for name, document in made.items()
    }
