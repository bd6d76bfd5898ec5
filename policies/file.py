"""Read the text of a policy file: a policy, or every problem with its line and its remedy.

Texts are handed in; this room opens no file. What can be read and still is not meant, the
authoring room's lint finds.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import yaml
from pydantic import ValidationError

from policies.calendars import WEEKDAYS, Calendar
from policies.entries import MAIL_ADDRESS, PARTS, POLICY_NAME, TIME_OF_DAY
from policies.model import Policy


class Problem(NamedTuple):
    """What is wrong with which entry at which line, and what to do about it."""

    line: int
    entry: str
    problem: str
    remedy: str


class PolicyProblem(ValueError):
    """What is wrong with a policy file, where, and what to do."""

    def __init__(self, where: str, problems: list[Problem]) -> None:
        super().__init__("\n".join(told(where, one) for one in problems))
        self.problems = problems


def told(where: str, one: Problem) -> str:
    """A problem in a line of its own."""
    return f"{where}:{one.line}: {one.entry}: {one.problem}. What to do: {one.remedy}."


LONGEST: Final = 100_000
"""Characters of a policy file; those that come along have about 3,000."""


def parse_policy(text: str, where: str) -> Policy:
    """Read one policy file. Errors: ``PolicyProblem`` naming the file, the line and the entry,
    whatever the text is."""
    try:
        if len(text) > LONGEST:
            raise _whole(
                where,
                f"it has {len(text)} characters, and at most {LONGEST} are read",
                "shorten it",
            )
        return _parsed(text, where)
    except PolicyProblem:
        raise
    except RecursionError:
        raise _whole(where, "it is nested too deeply", "write it in a few levels") from None
    except Exception as error:  # what YAML allows and no policy needs, such as a list as a name
        what = f"it cannot be read as a policy ({type(error).__name__})"
        raise _whole(where, what, "write names, text, numbers and lists only") from None


def _whole(where: str, problem: str, remedy: str) -> PolicyProblem:
    return PolicyProblem(where, [Problem(1, "the file", problem, remedy)])


def _parsed(text: str, where: str) -> Policy:
    try:
        data = yaml.load(text, Loader=_Strict)  # noqa: S506 - a SafeLoader, stricter
        return Policy.model_validate(data)
    except yaml.YAMLError as error:
        raise PolicyProblem(where, [_unreadable(error)]) from None
    except ValidationError as error:
        node = _composed(text)
        problems = [_problem(node, dict(one)) for one in error.errors()]
        raise PolicyProblem(where, list(dict.fromkeys(problems))) from None


def parsed(texts: Iterable[str], where: str) -> tuple[list[Policy], list[str]]:
    """The policies in these texts, and what is wrong with those that are none."""
    found, problems = list[Policy](), list[str]()
    for text in texts:
        try:
            found.append(parse_policy(text, where))
        except PolicyProblem as problem:
            problems.append(str(problem))
    return found, problems


# --- YAML ------------------------------------------------------------------------------------


class _Strict(yaml.SafeLoader):
    """Refuses an entry that stands twice, and says where a date is none."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                problem=f"{node.value} is not a valid value: {error}", problem_mark=node.start_mark
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} appears twice here: keep one", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _unreadable(error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.constructor.ConstructorError) and error.problem_mark:
        return Problem(
            error.problem_mark.line + 1, "the file", str(error.problem), "correct that line"
        )
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Problem(
        1 if mark is None else mark.line + 1, "the file", f"this is not YAML: {what}",
        "look for a bracket, a quote or an indent that is missing there",
    )  # fmt: skip


def _composed(text: str) -> Any:
    return yaml.compose(text, Loader=yaml.SafeLoader)


# --- where an entry stands -------------------------------------------------------------------


def line_of(text: str, entry: str) -> int:
    """The line of an entry such as ``duties.first-contact``, or of the nearest around it."""
    return _place(_composed(text), entry.split("."))[0]


def _place(node: Any, steps: Iterable[int | str]) -> tuple[int, list[str]]:
    """The line and, step by step, the name of an entry."""
    line, names = 1, list[str]()
    for step in steps:
        found = _child(node, step)
        if found is None:
            node = None
            names.append(str(step))
        else:
            line, node, name = found
            names.append(name)
    return line, names


def _child(node: Any, step: int | str) -> tuple[int, Any, str] | None:
    if isinstance(node, yaml.MappingNode):
        wanted = WEEKDAYS[step] if isinstance(step, int) and step < len(WEEKDAYS) else str(step)
        for key, value in node.value:
            if key.value == wanted:
                return key.start_mark.line + 1, value, wanted
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            name = _name(item)
            if step == number or (name is not None and step == name):
                return item.start_mark.line + 1, item, name or str(number + 1)
    return None


def _name(item: Any) -> str | None:
    """What a list's entry is called: a duty and a rule have names."""
    if isinstance(item, yaml.MappingNode):
        for key, value in item.value:
            if key.value in ("duty", "rule") and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return None


# --- what is wrong with it -------------------------------------------------------------------

_LENGTH = ("is not a valid duration", "write ISO 8601 such as PT4H, P2D or PT30M")
_INSTANT = ("is not an instant with an offset", "write one such as 2026-01-01T00:00:00Z")
_NUMBER = ("is not a whole number in range", "write one from 1 on")
_BY_TYPE: Final = {
    "missing": ("is missing", "add it"),
    "time_delta_parsing": _LENGTH, "time_delta_type": _LENGTH,
    "datetime_parsing": _INSTANT, "datetime_type": _INSTANT, "timezone_aware": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "int_parsing": _NUMBER, "int_type": _NUMBER, "greater_than_equal": _NUMBER,
    "string_type": ("is not text", "write text; put quotes around what looks like a number"),
    "string_too_short": ("is empty", "write something, or drop the entry"),
    "too_short": ("is empty", "name at least one"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "tuple_type": ("is not a list", "write a list: [one, two]"),
    "model_type": ("has no entries of its own", "write entries below it: name: value"),
    "model_attributes_type": ("has no entries of its own", "write entries below it: name: value"),
    "dict_type": ("has no entries of its own", "write entries below it: name: value"),
    "date_from_datetime_parsing": ("is not a date", "write one such as 2026-12-24"),
    "date_parsing": ("is not a date", "write one such as 2026-12-24"),
}  # fmt: skip
_ENTRIES: Final = sorted(
    {name for part in (Policy, Calendar, *PARTS) for name in part.model_fields}
)


def _problem(node: Any, error: dict[str, Any]) -> Problem:
    problem, remedy = _words(error)
    steps = [step for step in error["loc"] if step != "[key]"]
    entry, colon, rest = problem.partition(": ")
    if not steps and colon and entry in Policy.model_fields:  # it is about an entry as a whole
        steps, problem = [entry], rest
    line, names = _place(node, steps)
    return Problem(line, ".".join(names) or "the file", problem, remedy)


def _words(error: dict[str, Any]) -> tuple[str, str]:
    kind = error["type"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), _ENTRIES, n=1)
        meant = f"write {near[0]}" if near else "remove it, or see docs/policies.md for its name"
        return "is not an entry of a policy", meant
    if kind == "literal_error":
        return f"{error['input']} is not known here", f"write {error['ctx']['expected']}"
    if kind == "less_than_equal":
        return "is too large", f"write {error['ctx']['le']} or less"
    if kind == "string_pattern_mismatch":
        return f"{error['input']} has another form", _FORMS[error["ctx"]["pattern"]]
    if kind == "value_error":
        problem, _, remedy = str(error["ctx"]["error"]).partition("; ")
        return problem, remedy or "see docs/policies.md"
    return _BY_TYPE.get(kind, (str(error["msg"]), "see docs/policies.md"))


_FORMS: Final = {
    MAIL_ADDRESS: "write an address such as desk@support.example",
    TIME_OF_DAY: 'write a time of day such as "17:00"',
    POLICY_NAME: "write letters, digits and hyphens, such as my-desk",
}
