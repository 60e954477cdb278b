"""Parameters of requests, and those several paths share."""

from typing import Any, NamedTuple

from ws.finding import QUERY_CHARACTERS_MAX
from ws.listing import ROWS_MAX


class Parameter(NamedTuple):
    """One parameter. `where`: query, path or header."""

    name: str
    where: str
    about: str
    schema: dict[str, Any]
    needed: bool = False

    def written(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        said = {"name": self.name, "in": self.where, "description": self.about, "schema": self.schema}
        return said | {"required": True} if self.needed else said


def query(name: str, about: str, schema: dict[str, Any] | None = None, *, needed: bool = False) -> Parameter:
    """A parameter of the query; text unless said otherwise."""
    return Parameter(name, "query", about, schema or {"type": "string"}, needed)


CONTEST = Parameter("id", "path", "A contest.", {"type": "string"}, needed=True)
CLAIM = query("claim", "The id of a claim.", {"type": "string", "examples": ["elected:ann"]}, needed=True)
AFTER_SEQ = query(
    "after", "Only what came after this record.", {"type": "integer", "minimum": 0, "maximum": 1 << 53}
)
LIMIT = query("limit", "The most to return.", {"type": "integer", "minimum": 1, "maximum": ROWS_MAX})
SEARCH = query(
    "q",
    "Words that an id and its name hold; case and accents do not count.",
    {"type": "string", "maxLength": QUERY_CHARACTERS_MAX},
)
POINTS = query(
    "points",
    "The whole of it in about so many points, instead of a page by limit.",
    {"type": "integer", "minimum": 2, "maximum": ROWS_MAX},
)
AT = query(
    "at",
    "As it stood then: a record's number, or an instant in ISO 8601 with its offset.",
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 10**15 - 1},
            {"type": "string", "format": "date-time"},
        ]
    },
)
