"""Every setting as it stands, for people: with its meaning, its default, and no password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from inspect import getdoc

from pydantic import SecretStr, TypeAdapter

from infra.runtime.secrets import HIDDEN, shown_address
from infra.runtime.settings import Settings, setting_names

_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)
_ADDRESSES = frozenset({"dsn", "maven_url"})


@dataclass(frozen=True)
class SettingRow:
    """One setting. ``value`` and ``default`` are written as one may set them; secrets are hidden;
    what is not set is empty."""

    name: str
    section: str
    value: str
    default: str
    description: str


def describe_settings(settings: Settings) -> list[SettingRow]:
    """Every setting, section by section."""
    rows = []
    for name, (section, field) in setting_names().items():
        held = getattr(settings, section)
        info = type(held).model_fields[field]
        rows.append(
            SettingRow(
                name=name,
                section=section,
                value=_shown(field, getattr(held, field)),
                default=_shown(field, info.default),
                description=info.description or "",
            )
        )
    return rows


def describe_section(section: str) -> str:
    """What the settings of a section are about."""
    return getdoc(Settings.model_fields[section].annotation) or ""


def _shown(field: str, value: object) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return HIDDEN if value.get_secret_value() else ""
        case timedelta():
            return str(_DURATION.dump_python(value, mode="json"))
        case _:
            return shown_address(str(value)) if field in _ADDRESSES else str(value)
