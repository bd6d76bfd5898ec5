"""Read the text of a mapping file: a mapping, or every problem with its line and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import ValidationError

from services.intake.mapping import ORGANISATION, PARTS, Mapping

GUIDE: Final = "see docs/salesforce.md"


class MappingEntryProblem(NamedTuple):
    """What is wrong with which entry at which line, and what to do about it."""

    line: int
    entry: str
    problem: str
    remedy: str


class MappingProblem(ValueError):
    """What is wrong with a mapping file, where, and what to do."""

    def __init__(self, where: str, problems: list[MappingEntryProblem]) -> None:
        super().__init__("\n".join(_told(where, one) for one in problems))
        self.problems = problems


def _told(where: str, one: MappingEntryProblem) -> str:
    place = f"{where}:{one.line}" if one.line else where
    return f"{place}: {one.entry}: {one.problem}. What to do: {one.remedy}."


def load_mapping(file: Path | None) -> Mapping:
    """The organisation's mapping, or the shipped one. Errors: ``MappingProblem``."""
    if file is None:
        shipped = files(__package__) / "mappings" / "default.yaml"
        return parse_mapping(shipped.read_text("utf-8"), "mappings/default.yaml")
    try:
        return parse_mapping(file.read_text("utf-8-sig"), str(file))
    except OSError as error:
        problem = MappingEntryProblem(
            0, "the file", f"it cannot be read: {error.strerror}",
            "name a file that this user may read in ESCALATION_INTAKE__MAPPING_FILE",
        )  # fmt: skip
    except UnicodeDecodeError:
        problem = MappingEntryProblem(0, "the file", "it is not UTF-8", "save it as UTF-8")
    raise MappingProblem(str(file), [problem])


def parse_mapping(text: str, where: str) -> Mapping:
    """Read one mapping file. Errors: ``MappingProblem`` naming file, line, entry and remedy."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if repeated := list(_repeated(node)):
            raise MappingProblem(where, repeated)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingProblem(where, [_unreadable(error)]) from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, MappingProblem):
            raise
        raise MappingProblem(where, [_NO_VALUE]) from None
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        problems = [_problem(node, dict(one)) for one in error.errors()]
        raise MappingProblem(where, list(dict.fromkeys(problems))) from None


_NO_VALUE: Final = MappingEntryProblem(
    0, "the file", "it holds a date, a number or a nesting that cannot be read",
    "put quotes around what is meant as text",
)  # fmt: skip


def _unreadable(error: yaml.YAMLError) -> MappingEntryProblem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return MappingEntryProblem(
        mark.line + 1 if mark else 0, "the file", f"this is not YAML: {what}",
        "look for a bracket, a quote or an indent that is missing there",
    )  # fmt: skip


# --- where an entry stands -----------------------------------------------------------------


def _repeated(node: Any, names: tuple[str, ...] = ()) -> Iterator[MappingEntryProblem]:
    """Entries that are given more than once: YAML would silently keep the last."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set[str]()
    for key, value in node.value:
        name = str(key.value)
        if name in seen:
            yield MappingEntryProblem(
                key.start_mark.line + 1, ".".join((*names, name)), "is given twice", "keep one"
            )
        seen.add(name)
        yield from _repeated(value, (*names, name))


def _place(node: Any, steps: list[int | str]) -> tuple[int, str]:
    """The line of an entry, or of the nearest around it, and its name."""
    line, names = 1, list[str]()
    for step in steps:
        found = _child(node, step)
        if found is None:
            node = None
            names.append(str(step))
        else:
            line, node, name = found
            names.append(name)
    return line, ".".join(names) or "the file"


def _child(node: Any, step: int | str) -> tuple[int, Any, str] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step) or _is_meant(key, step):
                return key.start_mark.line + 1, value, str(key.value)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item, str(step + 1)
    return None


def _is_meant(key: Any, step: int | str) -> bool:
    """Whether a key such as ``003``, which YAML takes for a number, is this step."""
    if not isinstance(key, yaml.ScalarNode):
        return False
    return str(yaml.constructor.SafeConstructor().construct_object(key)) == str(step)


# --- what is wrong with it -----------------------------------------------------------------

_BY_TYPE: Final = {
    "missing": ("is missing", "add it"),
    "string_type": ("is not text", "put it in quotes: YAML reads 003, yes or 1.0 as no text"),
    "string_too_short": ("is empty", "write something, or remove the entry"),
    "string_too_long": ("is too long", "write 256 characters at most"),
    "tuple_type": ("is not a list", "write a list: [one, two]"),
    "dict_type": ("has no entries of its own", "write entries below it: name: value"),
    "model_type": ("has no entries of its own", "write entries below it: name: value"),
    "model_attributes_type": ("has no entries of its own", "write entries below it: name: value"),
}
_ENTRIES: Final = sorted({name for part in PARTS for name in part.model_fields})


def _problem(node: Any, error: dict[str, Any]) -> MappingEntryProblem:
    problem, remedy = _words(error)
    steps = [step for step in error["loc"] if step != "[key]"]
    line, name = _place(node, steps)
    return MappingEntryProblem(line, name, problem, remedy)


def _words(error: dict[str, Any]) -> tuple[str, str]:
    kind = error["type"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), _ENTRIES, n=1)
        return "is not an entry of a mapping", f"write {near[0]}" if near else f"remove it; {GUIDE}"
    if kind == "literal_error":
        return f"{error['input']} is not known here", f"write {error['ctx']['expected']}"
    if kind == "string_pattern_mismatch" and error["ctx"]["pattern"] == ORGANISATION:
        return "has another form", "write 1 to 64 letters, digits, dots, hyphens or underscores"
    if kind == "value_error":
        problem, _, remedy = str(error["ctx"]["error"]).partition("; ")
        return problem, remedy or GUIDE
    return _BY_TYPE.get(kind, (str(error["msg"]), GUIDE))
