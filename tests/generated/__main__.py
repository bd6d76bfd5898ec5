"""``python -m tests.generated [--write]``: compare what is committed with what is computed.

Exit 3 when something is stale; ``make generate`` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fields.evidence import problems as field_problems
from tests.generated.codes import code_problems, codes_page
from tests.generated.decided_types import consuming
from tests.generated.decisions import decisions
from tests.generated.examples import examples
from tests.generated.json_schemas import json_schemas
from tests.generated.policy_table import readme
from tests.generated.requirements import problems, requirements

ROOT = Path(__file__).resolve().parent.parent.parent


def artefacts() -> dict[str, str]:
    """Every generated file by its path in the repository."""
    table = readme((ROOT / "README.md").read_text("utf-8"))
    types = consuming((ROOT / "docs/consuming.md").read_text("utf-8"))
    return json_schemas() | examples() | table | requirements() | decisions() | codes_page() | types


def main() -> int:
    computed = artefacts()
    stale = [path for path, text in computed.items() if _committed(path) != text]
    kept = {str(file.relative_to(ROOT)) for file in (ROOT / "schemas/json").glob("*.json")}
    orphans = sorted(kept - computed.keys())
    if "--write" in sys.argv:
        for path in stale:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(computed[path], "utf-8")
        for path in orphans:
            (ROOT / path).unlink()
        return 0
    found = [f"{path} is stale: run make generate and commit it" for path in stale + orphans]
    found += problems()
    found += code_problems()
    found += field_problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 3 if found else 0


def _committed(path: str) -> str | None:
    file = ROOT / path
    return file.read_text("utf-8") if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
