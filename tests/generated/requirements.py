"""``docs/requirements.md``: every statement, where it is embodied, and the tests that cite it.

A statement is covered when a test names it in its ``rule`` marker. A page without a test for a
statement, or a test that cites an unknown one, is a problem and not a page.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.spec import POLICIES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = "docs/requirements.md"
ROOMS = ("policies", "services")
SENTENCES = "services/projections/review/cli/statements.json"
"""For the program: ``docs`` is no part of the package."""
SOURCES = {
    "000": "Case escalation request process", "001": "How to escalate your support ticket",
    "002": "How to escalate a case, by form", "003": "How to escalate a support request",
    "004": "Case and account escalation",
}  # fmt: skip
KINDS = {"R": "rule", "D": "definition", "G": "guidance", "E": "expectation", "M": "metadata"}
_ID = re.compile(r"\b00[0-4]-\d{2}\b")
_RANGE = re.compile(r"\b(00[0-4])-(\d{2}) to \1-(\d{2})\b")
_TEXTS = (".py", ".yaml", ".sql", ".txt", ".html")
Found = dict[str, list[str]]


def requirements() -> dict[str, str]:
    """Committed path to text."""
    said, cited, named = statements(), citations(), embodiments()
    parts = [_HEAD]
    for source, title in SOURCES.items():
        parts.append(f"## {source}: {title}\n\n| id | kind | statement | embodied in | tests |")
        parts.append("| --- | --- | --- | --- | --- |")
        parts += [
            f"| {id_} | {KINDS[one['kind']]} | {one['says']} | {_where(id_, one, named)} | "
            f"{_tests(cited.get(id_, []))} |"
            for id_, one in said.items()
            if id_.startswith(source)
        ]
        parts.append("")
    sentences = {id_: one["says"] for id_, one in said.items()}
    return {
        PAGE: "\n".join(parts),
        SENTENCES: json.dumps(sentences, indent=1, ensure_ascii=False) + "\n",
    }


def problems() -> Iterator[str]:
    """What keeps the page from being true."""
    said, cited, named = statements(), citations(), embodiments()
    for id_, one in said.items():
        if one["kind"] == "M":
            continue
        if id_ not in cited:
            yield f"statement {id_} has no test: cite it in the rule marker of one that proves it"
        if id_ not in named and "how" not in one:
            yield f"statement {id_} is embodied nowhere: name it in the code, or say how"
    for id_ in sorted(cited.keys() - said.keys()):
        yield f"{cited[id_][0]} cites {id_}, which is no statement: see docs/statements.yaml"
    for id_ in sorted(named.keys() - said.keys()):
        yield f"{named[id_][0]} names {id_}, which is no statement: see docs/statements.yaml"


def statements() -> dict[str, dict[str, str]]:
    """Every statement by its id."""
    found: dict[str, dict[str, str]] = yaml.safe_load(
        (ROOT / "docs/statements.yaml").read_text("utf-8")
    )
    return found


def citations() -> Found:
    """The tests that cite a statement: id to ``file::test``."""
    found: Found = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for id_ in _cited(node):
                    found[id_].append(f"{file.relative_to(ROOT)}::{node.name}")
    return dict(found)


def _cited(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule":
            yield from (str(ast.literal_eval(argument)) for argument in decorator.args)


def embodiments() -> Found:
    """The rules, duties and files of the services that name a statement."""
    found: Found = defaultdict(list)
    for policy in POLICIES:
        for entry in policy.rules:
            found[entry.statement].append(f"rule `{entry.rule}` of {policy.policy}")
        for spec in policy.duties:
            found[spec.statement].append(f"duty `{spec.duty}` of {policy.policy}")
    for file in sorted(one for room in ROOMS for one in (ROOT / room).rglob("*")):
        if file.suffix in _TEXTS:
            for id_ in sorted(set(_ID.findall(_RANGE.sub(_spread, file.read_text("utf-8"))))):
                found[id_].append(f"`{file.relative_to(ROOT)}`")
    return dict(found)


def _spread(match: re.Match[str]) -> str:
    source, first, last = match.groups()
    return " ".join(f"{source}-{number:02d}" for number in range(int(first), int(last) + 1))


def _where(id_: str, one: dict[str, Any], named: Found) -> str:
    places = list(dict.fromkeys(named.get(id_, [])))
    return "; ".join(filter(None, [one.get("how"), ", ".join(places)])) or "·"


def _tests(places: list[str]) -> str:
    """File and test, short enough to read."""
    return ", ".join(
        f"`{file.removeprefix('tests/')}` {name.removeprefix('test_').replace('_', ' ')}"
        for file, _, name in (place.partition("::") for place in places)
    ) or "·"  # fmt: skip


_HEAD = """# Requirements

Every statement of the five source documents, in our own words; where the software embodies it;
and the tests that cite it. Computed by `make generate` from `docs/statements.yaml`, from the code
and policy files that name a statement, and from the `rule` markers of tests. `make check` fails
when a statement has no test, when a test cites an unknown one, or when this page is stale.
Metadata needs no test. Of a rule's text the policy file is the shortest account:
`escalation policy explain NAME` reads it out.
"""
