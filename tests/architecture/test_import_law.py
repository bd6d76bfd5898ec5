"""The import law holds, and it can fail: each breach is tried on a copy of the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LINT = Path(sys.executable).with_name("lint-imports")

BREACHES = {
    "services/notifier/breach.py": "import services.projections.service\n",
    "services/projections/breach.py": "import services.escalation.decider.loop\n",
    "services/projections/review/breach.py": "import services.projections.projector.schema\n",
    "services/projections/read_models/breach.py": "import asyncpg\n",
    "schemas/breach.py": "import asyncpg\n",
    "services/escalation/core/breach.py": "import logging\n",
    "policies/breach.py": "import services.escalation.core.case\n",
    "policies/calendars.py": "import infra.runtime.settings  # noqa\n",
    "infra/runtime/breach.py": "import services.notifier.service\n",
    "services/projections/review/questions/breach.py": "import rich\n",
    "services/intake/breach.py": "import infra.workbench.up\n",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for name in ("schemas", "policies", "services", "infra"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def _lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )


def test_the_law_holds(tree: Path) -> None:
    done = _lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "text"), BREACHES.items())
def test_each_breach_is_found(tree: Path, file: str, text: str) -> None:
    breach = tree / file
    before = breach.read_text() if breach.exists() else None
    breach.write_text(text + (before or ""))
    try:
        done = _lint(tree)
        assert done.returncode != 0
        assert "BROKEN" in done.stdout
    finally:
        breach.unlink() if before is None else breach.write_text(before)
