"""What is counted, to take away: one file a format, found by being there."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from ws.exports.sheets import Results


class Export(Protocol):
    """What a file here offers. `PATH`: where it is served."""

    PATH: str
    MEDIA_TYPE: str
    FILE_NAME: str

    def written(self, results: Results) -> bytes:
        """The whole export. Pure; may take long, so it is made off the loop."""


EXPORTS: tuple[Export, ...] = tuple(
    import_module(f"{__name__}.{module.name}")
    for module in iter_modules(__path__)
    if module.name.startswith("as_")
)
