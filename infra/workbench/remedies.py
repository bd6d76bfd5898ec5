"""What a person can mend: a sentence with what to do, and the exit code that goes with it."""

from __future__ import annotations

from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from infra.runtime.migrations import MigrationProblem
from infra.runtime.secrets import secrets_of, shown_address, without
from infra.runtime.service import Exit
from infra.runtime.settings import KafkaSettings, Settings, SettingsProblem, load_settings
from infra.workbench.downloads import WrongChecksum
from infra.workbench.files_named import UNUSABLE
from infra.workbench.parts import NotEmbedded
from infra.workbench.servers_named import NamedServerAway
from infra.workbench.workbench import InUse

SAID_BY_ITSELF: Final = (InUse, WrongChecksum, MigrationProblem, NamedServerAway, NotEmbedded)
"""Errors whose message is the sentence."""
OF_SETTINGS: Final = (SettingsProblem, *UNUSABLE)
MENDABLE: Final = (
    *OF_SETTINGS, *SAID_BY_ITSELF,
    KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError,
)  # fmt: skip


def explained(error: BaseException) -> tuple[str, int]:
    """The sentence and the exit code for an error of ``MENDABLE``."""
    if isinstance(error, OF_SETTINGS):
        return str(error), Exit.SETTINGS
    if isinstance(error, SAID_BY_ITSELF):
        return str(error), Exit.FAILURE
    settings = _settings()
    return without(secrets_of(settings), _sentence(error, settings)), Exit.FAILURE


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsProblem:
        return Settings.model_construct()


def _sentence(error: BaseException, settings: Settings) -> str:
    why = first_line(error)
    if isinstance(error, KafkaError):
        return no_broker(settings.kafka, why)
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return f"{postgres_remedy(error)} ({why})"
    if isinstance(error, TimeoutError):
        return f"{why}: see escalation doctor"
    if isinstance(error, ConnectionError):
        at = shown_address(settings.postgres.dsn)
        return (
            f"a server does not answer ({why}): start it, see ESCALATION_POSTGRES__DSN ({at}), or "
            "ask escalation doctor"
        )
    return f"{why}: see escalation doctor"


def no_broker(kafka: KafkaSettings, why: str) -> str:
    """No use of Kafka: every setting that may be the reason."""
    login = kafka.security_protocol.startswith("SASL")
    secure = kafka.security_protocol.endswith("SSL")
    names = ["ESCALATION_KAFKA__BOOTSTRAP_SERVERS", "ESCALATION_KAFKA__SECURITY_PROTOCOL"]
    names += ["ESCALATION_KAFKA__SASL_USERNAME and __SASL_PASSWORD"] if login else []
    names += ["ESCALATION_KAFKA__SSL_CAFILE"] if secure else []
    return f"no use of Kafka at {kafka.bootstrap_servers} ({why}): see {', '.join(names)}"


def postgres_remedy(error: BaseException) -> str:
    """What to do about what Postgres answered."""
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return "Postgres refuses the login: see user and password in ESCALATION_POSTGRES__DSN"
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return "the role in ESCALATION_POSTGRES__DSN may not do that: see docs/operating.md, Roles"
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return "there is no such database: create it, or see ESCALATION_POSTGRES__DSN"
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.InvalidSchemaNameError):
        return "the schemas are missing or old: run escalation db migrate"
    return "Postgres cannot be used like that: see ESCALATION_POSTGRES__DSN and escalation doctor"


def first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
