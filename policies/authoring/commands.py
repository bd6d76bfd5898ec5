"""What an operator asks of policies and calendars at the prompt.

Settings and Kafka's client are imported by the commands that need them: a check of a file should
answer at once.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from policies.authoring.differences import differences
from policies.authoring.lint import lint
from policies.authoring.plain import sentences
from policies.catalogue import Policies, policies_in, shipped
from policies.file import (
    PolicyProblem,
    Problem,
    line_of,
    parse_policy,
    parsed,
    told,
)
from policies.margins import NOTICE
from policies.model import Policy

Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Published = Annotated[
    bool, typer.Option("--published", help="Also those on the policies topic (asks Kafka).")
]
Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A policy, such as templated.")]
stderr = Console(stderr=True)
policy_app = typer.Typer(no_args_is_help=True, help="Read, check, compare and publish policies.")
calendar_app = typer.Typer(no_args_is_help=True, help="Change working hours and holidays.")


def mount(app: typer.Typer) -> None:
    """Add this service's commands to the program."""
    app.add_typer(policy_app, name="policy")
    app.add_typer(calendar_app, name="calendar")


@policy_app.command("list")
def list_policies(published: Published = False, json: Json = False) -> None:
    """List every version of every policy, and which are in force now.

    Example: escalation policy list
    """
    known = _known(published)
    rows = [_row(known, one) for one in known]
    if json:
        _print(rows)
        return
    table = Table("policy", "version", "in force", "from", "source")
    for row in rows:
        table.add_row(
            row["policy"], str(row["version"]), "yes" if row["in_force"] else "",
            row["effective_from"], row["source_ref"],
        )  # fmt: skip
    Console(width=None if Console().is_terminal else 140).print(table)


@policy_app.command()
def show(name: Name, published: Published = False, json: Json = False) -> None:
    """Print a policy as its file says, with every default spelt out.

    Example: escalation policy show time-gated@1
    """
    dumped = _one(name, published).model_dump(mode="json")
    if json:
        _print(dumped)
    else:
        print(yaml.safe_dump(dumped, sort_keys=False, allow_unicode=True), end="")


@policy_app.command("lint")
def lint_files(file: Path, json: Json = False) -> None:
    """Check a policy file, or every one of a folder: what cannot be read, happen or be meant.

    Exit 3 on findings. Example: escalation policy lint my-policy.yaml
    """
    files = sorted(one for one in file.rglob("*.y*ml")) if file.is_dir() else [file]
    if not files:
        raise typer.BadParameter(f"{file} holds no policy files: name <policy>/<version>.yaml")
    found = {one: _linted(one)[1] for one in files}
    if json:
        _print([one._asdict() for problems in found.values() for one in problems])
    else:
        for one, problems in found.items():
            _tell(one, problems)
    if any(found.values()):
        raise typer.Exit(3)


@policy_app.command()
def explain(name: Name, published: Published = False, json: Json = False) -> None:
    """Say in plain sentences what a policy asks, owes and promises.

    Example: escalation policy explain resolutions-desk
    """
    found = list(sentences(_one(name, published)))
    if json:
        _print([{"about": about, "sentence": text} for about, text in found])
        return
    console = Console(highlight=False)
    for about, group in groupby(found, key=lambda pair: pair[0]):
        console.print(f"[bold]{about}[/bold]")
        for _, text in group:
            console.print(f"  * {escape(text)}")


@policy_app.command()
def diff(before: Name, after: Name, published: Published = False, json: Json = False) -> None:
    """Compare two policies, versions or files; exit 3 where they differ.

    Example: escalation policy diff time-gated@1 my-policy.yaml
    """
    found = differences(_one(before, published), _one(after, published))
    if json:
        _print([one._asdict() for one in found])
    elif found:
        table = Table("entry", before, after)
        for one in found:
            table.add_row(one.entry, escape(_shown(one.before)), escape(_shown(one.after)))
        Console(width=None if Console().is_terminal else 140).print(table)
    else:
        print("nothing differs")
    if found:
        raise typer.Exit(3)


@policy_app.command()
def publish(file: Path) -> None:
    """Publish a version, to count from its effective_from on: at least ten minutes ahead.

    Example: escalation policy publish my-policy.yaml
    """
    from infra.runtime.settings import load_settings
    from policies.topic import publish_policy

    policy, found = _linted(file)
    if policy is None or found:
        _tell(file, found)
        stderr.print("nothing was published")
        raise typer.Exit(1)
    if problem := _cannot_follow(_known(published=True), policy):
        stderr.print(f"{file}: {problem}", markup=False)
        raise typer.Exit(1)
    text = file.read_text("utf-8")
    asyncio.run(publish_policy(load_settings().kafka, policy.policy, text))
    print(f"published {policy.policy}@{policy.version}, from {policy.effective_from} on")


@calendar_app.command("apply")
def calendar_apply(file: Path, json: Json = False) -> None:
    """Tell every partition of changed hours or holidays; open duties are planned anew.

    The file names the calendar, a version, and what changes: timezone, working_hours, dates.
    Example: escalation calendar apply holidays-2027.yaml
    """
    from infra.runtime.settings import load_settings
    from policies.authoring.calendar_file import apply_calendar, read_calendar

    try:
        change = read_calendar(file, _known(published=True))
    except (OSError, ValueError) as problem:
        stderr.print(f"{file}: {problem}", markup=False)
        raise typer.Exit(2) from None
    number = asyncio.run(apply_calendar(load_settings().kafka, change))
    if json:
        _print({"calendar": change.calendar, "version": change.version, "partitions": number})
    else:
        print(f"calendar {change.calendar}, version {change.version}: told to {number} partitions")


# --- what they have in common ------------------------------------------------------------


def _known(published: bool) -> Policies:
    from infra.runtime.settings import load_settings

    settings = load_settings()
    own = settings.decider
    try:
        known = policies_in(shipped(), own.default_policy, own.policies_folder)
    except (PolicyProblem, ValueError) as problem:
        stderr.print(str(problem), markup=False)
        raise typer.Exit(2) from None
    if published:
        from policies.topic import published_policies

        found, problems = parsed(asyncio.run(published_policies(settings.kafka)), "published")
        for problem_text in problems:
            stderr.print(problem_text, markup=False)
        known = known.with_versions(found)
    return known


def _one(name: str, published: bool) -> Policy:
    """A policy by name, by name and version, or by its file."""
    if name.endswith((".yaml", ".yml")):
        return _read(Path(name))
    known = _known(published)
    policy, at, number = name.partition("@")
    versions = known.versions.get(policy, ())
    wanted = [one for one in versions if not at or str(one.version) == number]
    if not wanted:
        names = ", ".join(f"{one.policy}@{one.version}" for one in known)
        raise typer.BadParameter(f"{name} is not known; known are {names}, or name a .yaml file")
    return wanted[-1] if at else known.judging(policy, datetime.now(UTC))


def _read(file: Path) -> Policy:
    try:
        return parse_policy(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}") from None
    except PolicyProblem as problem:
        stderr.print(str(problem), markup=False)
        raise typer.Exit(3) from None


def _linted(file: Path) -> tuple[Policy | None, list[Problem]]:
    """The policy in a file, where there is one, and everything that is wrong with it."""
    try:
        text = file.read_text("utf-8")
        policy = parse_policy(text, str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}") from None
    except PolicyProblem as problem:
        return None, problem.problems
    return policy, [Problem(line_of(text, one.entry), *one) for one in lint(policy)]


def _cannot_follow(known: Policies, policy: Policy) -> str | None:
    """Why this version cannot follow those known, and what to do."""
    earliest, minutes = datetime.now(UTC) + NOTICE, NOTICE // timedelta(minutes=1)
    if policy.effective_from < earliest:
        return (
            f"effective_from is {policy.effective_from}, and must be at least {minutes} minutes "
            f"ahead: write {earliest:%Y-%m-%dT%H:%M:%SZ} or later"
        )
    versions = known.versions.get(policy.policy, ())
    latest = max((one.version for one in versions), default=0)
    if policy.version <= latest:
        return f"version {policy.version} is known already: write {latest + 1}"
    return None


def _row(known: Policies, policy: Policy) -> dict[str, Any]:
    now = datetime.now(UTC)
    in_force = policy.effective_from <= now and known.judging(policy.policy, now) is policy
    return {
        "policy": policy.policy,
        "version": policy.version,
        "in_force": in_force,
        "is_default": policy.policy == known.default,
        "effective_from": f"{policy.effective_from.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "source_ref": policy.source_ref,
        "summary": policy.summary.strip(),
    }


def _tell(file: Path, found: list[Problem]) -> None:
    if not found:
        print(f"{file}: no problems found")
        return
    for one in found:
        print(told(str(file), one))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "(none)"
    return "(absent)" if value is None else str(value)


def _print(value: Any) -> None:
    print(jsonlib.dumps(value, indent=2, default=str))
