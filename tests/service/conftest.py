"""What several tests of the service are given."""

import pytest

from tests.ws.test_sdk_javascript import installed


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, installed once a machine."""
    return (installed() / "axe-core" / "axe.min.js").read_text()
