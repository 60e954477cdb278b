"""Write docs/openapi.json and docs/asyncapi.json anew: `python -m deploy.api` or `make api`."""

from pathlib import Path

from deploy.api.written import written

DOCS = Path(__file__).parents[2] / "docs"

if __name__ == "__main__":
    for name, text in written().items():
        (DOCS / name).write_bytes(text)
