"""Every setting of every service: ``ESCALATION_<SECTION>__<NAME>`` in the environment.

One model, so that one error names everything that is wrong. Next: ``kafka.py``, ``postgres.py``.
"""

import os
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.runtime.server_addresses import Brokers, Dsn, InstanceId, Port, Tls

PREFIX: Final = "ESCALATION_"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KafkaSettings(_Section):
    """The brokers, and how to get in."""

    bootstrap_servers: Brokers = Field("127.0.0.1:9092", description="brokers, host:port,host:port")
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="goes before every topic name"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to the brokers"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="how to log in, with a SASL protocol"
    )
    sasl_username: str | None = Field(None, description="who logs in, with a SASL protocol")
    sasl_password: SecretStr | None = Field(None, description="its password")
    ssl_cafile: FilePath | None = Field(
        None, description="certificate authorities (PEM) that the brokers' certificates are from"
    )
    ssl_certfile: FilePath | None = Field(None, description="our certificate (PEM), for mutual TLS")
    ssl_keyfile: FilePath | None = Field(None, description="the key of our certificate (PEM)")


class PostgresSettings(_Section):
    """The database of the read models and of the notifier's outbox."""

    dsn: Dsn = Field(
        "postgresql://postgres@127.0.0.1:5432/postgres",
        description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…",
    )


class SmtpSettings(_Section):
    """The mail server that the notifier hands mails to."""

    host: str = Field("127.0.0.1", min_length=1, description="the mail server")
    port: Port = Field(1025, description="its port")
    username: str | None = Field(None, description="who logs in, where the server asks for it")
    password: SecretStr | None = Field(None, description="its password")
    tls: Tls = Field("none", description="how the line is secured: none, starttls or tls")
    cafile: FilePath | None = Field(
        None, description="certificate authorities (PEM) instead of the system's, with TLS"
    )
    sender: str = Field(
        "support@escalation.example", description="the address that mails come from"
    )
    timeout: float = Field(15.0, gt=0, description="seconds until the server counts as gone")


class DeciderSettings(_Section):
    """Who decides, and under which policies. The readers take the policies from here too."""

    default_policy: str = Field("time-gated", description="judges where no program names a policy")
    policies_folder: Path | None = Field(
        None, description="more policies, as <policy>/<version>.yaml, beside those that come along"
    )
    instance_id: InstanceId = Field(
        "1", description="unique per process, and the same after its restart: 1, 2, …"
    )
    skip_foreign: str = Field(
        "", description="records of the decider's own topics to read over: topic-partition@offset"
    )


class IntakeSettings(_Section):
    """What CRMs send in their own forms, translated into reported events."""

    mapping_file: Path | None = Field(None, description="the organisation's Salesforce mapping")
    instance_id: InstanceId = Field("1", description="unique per process, as the decider's")


class NotifierSettings(_Section):
    """Who tells people by mail."""

    silent_after: timedelta = Field(
        timedelta(days=3), ge=timedelta(0),
        description="what happened longer ago is recorded as suppressed and not sent",
    )  # fmt: skip
    instance_id: InstanceId = Field("1", description="unique per process, as the decider's")
    addresses_file: Path | None = Field(None, description="addresses per team, duty and level")
    retry_first: timedelta = Field(
        timedelta(seconds=1), gt=timedelta(0), description="wait before a second try"
    )
    retry_longest: timedelta = Field(
        timedelta(minutes=5), gt=timedelta(0), description="longest wait between tries"
    )
    unknown_case_wait: timedelta = Field(
        timedelta(minutes=10), ge=timedelta(0),
        description="wait before a request for a case that was not opened is answered",
    )  # fmt: skip
    gather_misses: timedelta = Field(
        timedelta(minutes=15), gt=timedelta(0),
        description="after the first, a case's missed duties go as one message",
    )  # fmt: skip


class ProjectionsSettings(_Section):
    """Who keeps the read models in Postgres."""

    instance_id: InstanceId = Field("1", description="unique per process, as the decider's")
    batch_size: int = Field(5_000, ge=1, description="records applied in one transaction")


class TeamsSettings(_Section):
    """Who reviews together."""

    file: Path | None = Field(None, description="the organisation's teams.yaml")


class BoardSettings(_Section):
    """The review page."""

    host: str = Field("127.0.0.1", min_length=1, description="the address to listen on")
    port: Port = Field(8600, description="the port to listen on")
    is_secure: bool = Field(
        False,
        description="whether browsers reach it by TLS, through a proxy: then cookies ask for it",
    )
    key: SecretStr = Field(
        SecretStr(""), description="signs forms; the same for all processes, any long random text"
    )


class HealthSettings(_Section):
    """Where a service answers its probes and shows its metrics."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="the address to listen on; 0.0.0.0 in a container"
    )
    port: Port | None = Field(None, description="serves /livez, /readyz and /metrics, where set")


class WorkbenchSettings(_Section):
    """The embedded servers of up, demo and the tests."""

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
    teams: TeamsSettings = TeamsSettings()
    board: BoardSettings = BoardSettings()
    health: HealthSettings = HealthSettings()
    workbench: WorkbenchSettings = WorkbenchSettings()


class SettingsProblem(ValueError):
    """What is wrong with which environment variable, and what to write instead."""


def load_settings() -> Settings:
    """Read the environment. Errors: ``SettingsProblem`` naming every faulty variable."""
    known = setting_names()
    for name in os.environ:
        if name.startswith(PREFIX) and "__" in name and name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else "escalation doctor lists them all"
            raise SettingsProblem(f"{name} is not a setting: {hint}")
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'__'.join(map(str, one['loc'])).upper()}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False)
        ]
        raise SettingsProblem("\n".join(lines)) from None


def setting_names() -> dict[str, tuple[str, str]]:
    """Every environment variable, with its section and its field there."""
    names = {}
    for section, info in Settings.model_fields.items():
        model = info.annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        for field in model.model_fields:
            names[f"{PREFIX}{section}__{field}".upper()] = (section, field)
    return names
