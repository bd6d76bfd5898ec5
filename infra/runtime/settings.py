"""Every setting of every service: ``ESCALATION_<SECTION>__<NAME>`` in the environment.

One model, so that one error names everything that is wrong. Next: ``kafka.py``, ``postgres.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "ESCALATION_"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KafkaSettings(_Section):
    bootstrap_servers: str = Field("127.0.0.1:9092", description="brokers, host:port,host:port")
    topic_prefix: str = Field("", description="goes before every topic name")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to the brokers"
    )
    sasl_mechanism: str = Field("SCRAM-SHA-512", description="with a SASL protocol")
    sasl_username: str | None = Field(None, description="with a SASL protocol")
    sasl_password: SecretStr | None = Field(None, description="with a SASL protocol")
    ssl_cafile: Path | None = Field(None, description="certificate authority of the brokers")
    ssl_certfile: Path | None = Field(None, description="our certificate")
    ssl_keyfile: Path | None = Field(None, description="our key")


class PostgresSettings(_Section):
    dsn: str = Field("postgresql://postgres@127.0.0.1:5432/postgres", description="where to write")


class SmtpSettings(_Section):
    host: str = Field("127.0.0.1", description="the mail server")
    port: int = Field(1025, description="its port")
    username: str | None = Field(None, description="to log in with")
    password: SecretStr | None = Field(None, description="to log in with")
    tls: Literal["none", "starttls", "tls"] = Field("none", description="how the line is secured")
    cafile: Path | None = Field(
        None, description="certificates that the mail server's is checked against (PEM)"
    )
    sender: str = Field(
        "support@escalation.example", description="the address that mails come from"
    )
    timeout: float = Field(15.0, description="seconds until the server counts as gone")


class DeciderSettings(_Section):
    default_policy: str = Field("time-gated", description="judges where no program names a policy")
    policies_folder: Path | None = Field(
        None, description="more policies, as <policy>/<version>.yaml, beside those that come along"
    )
    instance_id: str = Field("1", description="unique per process slot: static group membership")


class IntakeSettings(_Section):
    mapping_file: Path | None = Field(None, description="the organisation's Salesforce mapping")
    instance_id: str = Field("1", description="unique per process slot")


class NotifierSettings(_Section):
    silent_after: timedelta = Field(
        timedelta(days=3), description="what happened longer ago is recorded and not sent"
    )
    instance_id: str = Field("1", description="unique per process slot")
    addresses_file: Path | None = Field(None, description="addresses per team, duty and level")
    retry_first: timedelta = Field(timedelta(seconds=1), description="wait before a second try")
    retry_longest: timedelta = Field(timedelta(minutes=5), description="longest wait between tries")
    unknown_case_wait: timedelta = Field(
        timedelta(minutes=10), description="wait before a request for an unknown case is answered"
    )
    gather_misses: timedelta = Field(
        timedelta(minutes=15), description="after the first, a case's misses go as one message"
    )


class ProjectionsSettings(_Section):
    instance_id: str = Field("1", description="unique per process slot")
    batch_size: int = Field(5_000, description="records applied in one transaction")


class HealthSettings(_Section):
    """Where a service answers its probes and shows its metrics."""

    host: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 in a container")
    port: int | None = Field(
        None, ge=1, le=65535, description="serves /livez, /readyz and /metrics, where set"
    )


class WorkbenchSettings(_Section):
    maven_url: str = Field(
        "https://repo.maven.apache.org/maven2", description="where Kafka's jars come from"
    )
    cache_dir: Path | None = Field(None, description="instead of the XDG cache")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        nested_model_default_partial_update=True,
    )
    kafka: KafkaSettings = KafkaSettings()
    postgres: PostgresSettings = PostgresSettings()
    smtp: SmtpSettings = SmtpSettings()
    decider: DeciderSettings = DeciderSettings()
    intake: IntakeSettings = IntakeSettings()
    notifier: NotifierSettings = NotifierSettings()
    projections: ProjectionsSettings = ProjectionsSettings()
    health: HealthSettings = HealthSettings()
    workbench: WorkbenchSettings = WorkbenchSettings()


class SettingsProblem(ValueError):
    """What is wrong with which environment variable, and what to write instead."""


def load_settings() -> Settings:
    """Read the environment. Errors: ``SettingsProblem`` naming every faulty variable."""
    known = {name for name, _, _ in _fields()}
    for name in os.environ:
        if name.startswith(PREFIX) and "__" in name and name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else "escalation doctor lists them all"
            raise SettingsProblem(f"{name} is no setting: {hint}")
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'__'.join(map(str, one['loc'])).upper()}: {one['msg']}"
            for one in error.errors()
        ]
        raise SettingsProblem("\n".join(lines)) from None


@dataclass(frozen=True)
class SettingRow:
    name: str
    value: str
    default: str
    description: str


def describe_settings(settings: Settings) -> list[SettingRow]:
    """Every setting as it stands, secrets hidden."""
    rows = []
    for name, section, field in _fields():
        value = getattr(getattr(settings, section), field)
        info = type(getattr(settings, section)).model_fields[field]
        rows.append(SettingRow(name, str(value), str(info.default), info.description or ""))
    return rows


def _fields() -> Iterator[tuple[str, str, str]]:
    for section, info in Settings.model_fields.items():
        model = info.annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        for field in model.model_fields:
            yield f"{PREFIX}{section}__{field}".upper(), section, field
