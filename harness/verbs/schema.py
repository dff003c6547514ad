"""Print the JSON schema of params.yaml for editors, or the tables of its manual page."""

from __future__ import annotations

from typing import Any

from harness.study.params import schema_page

EXAMPLES = ("emotransfer schema > docs/params.schema.json", "emotransfer schema --page")
WHOLE_STUDY = True


def run(params: dict[str, Any], *, page: bool = False) -> None:
    """Print what docs/params.schema.json holds, or docs/params.md from its heading `Sections` on.

    Args:
        params: params.yaml.
        page: print the tables of docs/params.md instead of the schema.
    """
    del params
    print(schema_page.page() if page else schema_page.json_schema(), end="")
