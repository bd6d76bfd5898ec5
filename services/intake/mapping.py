"""The model of a mapping file: which field of a vendor's record means what.

Next: ``mapping_file.py`` reads one and says what is wrong with it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.vocabulary import AuthorRole, Channel, Severity

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True, strict=True)
]
"""The name of an entity or field, a value of a list, or a code."""

ORGANISATION: Final = r"^[A-Za-z0-9._-]{1,64}$"


class MappingPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeverityMapping(MappingPart):
    field: Name
    values: dict[Name, Severity]


class TierMapping(MappingPart):
    """Values that are not listed go on as they are; an empty field is ``default``."""

    field: Name
    values: dict[Name, Name] = {}
    default: Name


class CaseMapping(MappingPart):
    entity: Name
    account: Name
    title: Name | None = None
    severity: SeverityMapping
    tier: TierMapping
    owner: Name | None = None
    contact: Name | None = None
    support_manager: Name | None = None
    team: Name | None = None
    program: Name | None = None
    closed: Name | None = None
    closed_at: Name | None = None
    status: Name | None = None
    closed_statuses: tuple[Name, ...] = ()
    reopened_statuses: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _statuses_have_a_field(self) -> CaseMapping:
        if self.status is None and (self.closed_statuses or self.reopened_statuses):
            raise ValueError("statuses are listed, but no field holds one; name it in status")
        if both := set(self.closed_statuses) & set(self.reopened_statuses):
            raise ValueError(f"{sorted(both)[0]} is listed as closed and as reopened; list it once")
        return self


class RoleMapping(MappingPart):
    """Who wrote a comment, the first that says so: a field, a listed id, the longest prefix.

    ``default`` is the role of everybody else; with ``unknown`` their comments are parked.
    """

    field: Name | None = None
    values: dict[Name, AuthorRole] = {}
    ids: dict[Name, AuthorRole] = {}
    prefixes: dict[Name, AuthorRole] = {}
    default: Literal[AuthorRole, "unknown"] = "unknown"

    @model_validator(mode="after")
    def _values_have_a_field(self) -> RoleMapping:
        if (self.field is None) != (not self.values):
            raise ValueError("field and values belong together; give both or neither")
        return self


class CommentMapping(MappingPart):
    entity: Name
    case: Name
    body: Name
    author: Name
    public: Name
    role: RoleMapping


class RequestMapping(MappingPart):
    entity: Name
    case: Name
    requested_by: Name | None = None
    reason: Name | None = None
    reasons: dict[Name, Name] = {}
    comments: Name | None = None
    contact: Name | None = None
    channel: Channel = "form"


class Mapping(MappingPart):
    """One organisation's file."""

    organisation: str = Field(pattern=ORGANISATION)
    case: CaseMapping
    comment: CommentMapping
    request: RequestMapping | None = None

    @model_validator(mode="after")
    def _entities_differ(self) -> Mapping:
        parts = (self.case, self.comment, self.request)
        entities = [part.entity for part in parts if part is not None]
        if len(set(entities)) < len(entities):
            raise ValueError("an entity is named twice; case, comment and request need their own")
        return self

    @property
    def source(self) -> str:
        return f"/salesforce/{self.organisation}"


PARTS: Final = (
    Mapping, CaseMapping, SeverityMapping, TierMapping, CommentMapping, RoleMapping, RequestMapping
)  # fmt: skip
