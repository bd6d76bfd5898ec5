"""The model of a mapping file: which field of a vendor's record means what."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.vocabulary import AuthorRole, Channel, Severity


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeverityMapping(_Part):
    field: str
    values: dict[str, Severity]


class TierMapping(_Part):
    field: str
    values: dict[str, str] = {}
    default: str


class CaseMapping(_Part):
    entity: str
    account: str
    title: str | None = None
    severity: SeverityMapping
    tier: TierMapping
    owner: str | None = None
    contact: str | None = None
    support_manager: str | None = None
    team: str | None = None
    program: str | None = None
    closed: str | None = None
    status: str | None = None
    closed_statuses: tuple[str, ...] = ()


class RoleMapping(_Part):
    prefixes: dict[str, AuthorRole]
    default: AuthorRole


class CommentMapping(_Part):
    entity: str
    case: str
    body: str
    author: str
    public: str
    role: RoleMapping


class RequestMapping(_Part):
    entity: str
    case: str
    requested_by: str | None = None
    reason: str | None = None
    reasons: dict[str, str] = {}
    comments: str | None = None
    contact: str | None = None
    channel: Channel = "form"


class Mapping(_Part):
    """One organisation's file."""

    organisation: str = Field(min_length=1)
    case: CaseMapping
    comment: CommentMapping
    request: RequestMapping | None = None

    @property
    def source(self) -> str:
        return f"/salesforce/{self.organisation}"


class MappingProblem(ValueError):
    """What is wrong with a mapping file, where, and what to do."""


def load_mapping(file: Path | None) -> Mapping:
    """The organisation's mapping, or the shipped one. Errors: ``MappingProblem``."""
    shipped = files(__package__) / "mappings" / "default.yaml"
    name = str(file or "mappings/default.yaml")
    try:
        text = file.read_text("utf-8") if file else shipped.read_text("utf-8")
        content: Any = yaml.safe_load(text)
        return Mapping.model_validate(content)
    except OSError as error:
        raise MappingProblem(f"{name}: cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise MappingProblem(f"{name}: this is no YAML: {error}") from None
    except ValidationError as error:
        lines = [
            f"{name}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        ]
        raise MappingProblem(
            "\n".join([*lines, "the shipped mappings/default.yaml shows the form"])
        ) from None
