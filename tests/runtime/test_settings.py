"""A wrong setting is a sentence that names it and what to write; every setting explains itself."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from infra.runtime.settings import (
    NotifierSettings,
    Settings,
    SettingsProblem,
    load_settings,
    setting_names,
)
from infra.runtime.settings_shown import describe_section, describe_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ESCALATION_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("POSTGRES__DSN", "postgresql://ana:s3cretpw@127.0.0.1:notaport/db", "percent-encoded"),
        ("POSTGRES__DSN", "postgresql://ana:s3cretpw@127.0.0.1:99999/db", "from 1 to 65535"),
        ("POSTGRES__DSN", "postgresql://ana:s3/cretpw@h/db", "percent-encoded"),
        ("POSTGRES__DSN", "postgresql://ana:s3cretpw@h/db?sslmode=yes", "verify-full"),
        ("POSTGRES__DSN", "host=h password=s3cretpw", "postgresql://USER:PASSWORD@HOST"),
        ("POSTGRES__DSN", "mysql://ana:s3cretpw@h/db", "postgresql://USER:PASSWORD@HOST"),
        ("POSTGRES__DSN", "", "postgresql://USER:PASSWORD@HOST"),
        ("KAFKA__BOOTSTRAP_SERVERS", "kafka:99999", "host:port,host:port"),
        ("KAFKA__BOOTSTRAP_SERVERS", "ana:s3cretpw@kafka", "host:port,host:port"),
        ("KAFKA__BOOTSTRAP_SERVERS", "kafka:9092,", "host:port,host:port"),
        ("KAFKA__SASL_MECHANISM", "SCRAM", "SCRAM-SHA-512"),
        ("KAFKA__SSL_CAFILE", "/no/such/file", "file"),
        ("KAFKA__TOPIC_PREFIX", "a b", "pattern"),
        ("SMTP__PORT", "99999", "65535"),
        ("SMTP__CAFILE", "/no/such/file", "file"),
        ("SMTP__TIMEOUT", "0", "greater than 0"),
        ("HEALTH__PORT", "99999", "65535"),
        ("HEALTH__PORT", "0", "1"),
        ("DECIDER__INSTANCE_ID", "a b", "letters"),
        ("PROJECTIONS__BATCH_SIZE", "0", "1"),
        ("NOTIFIER__SILENT_AFTER", "three days", "duration"),
        ("NOTIFIER__SILENT_AFTER", "-P1D", "greater than"),
    ],
)
def test_a_wrong_value_is_said_with_the_name_of_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"ESCALATION_{name}", value)
    with pytest.raises(SettingsProblem) as problem:
        load_settings()
    text = str(problem.value)
    assert text.startswith(f"ESCALATION_{name}: ") and said in text
    assert "s3cretpw" not in text and "Value error" not in text


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://ana:s3%2Fcret@h1:1,h2:2/db?sslmode=verify-full&target_session_attrs=any",
        "postgres://[::1]:5432/db",
        "postgresql:///db?host=/var/run/postgresql",
        "postgresql://h",
    ],
)
def test_every_form_of_dsn_that_the_client_takes_is_taken(
    monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    monkeypatch.setenv("ESCALATION_POSTGRES__DSN", dsn)
    assert load_settings().postgres.dsn == dsn


def test_every_section_and_every_setting_says_what_it_is_for() -> None:
    rows = describe_settings(Settings())
    assert {row.name for row in rows} == setting_names().keys()
    assert all(row.description and describe_section(row.section) for row in rows)


def test_values_are_shown_as_one_may_write_them() -> None:
    settings = Settings(notifier=NotifierSettings(silent_after=timedelta(days=2, hours=1)))
    shown = {row.name: row for row in describe_settings(settings)}
    assert shown["ESCALATION_NOTIFIER__SILENT_AFTER"].value == "P2DT1H"
    assert shown["ESCALATION_NOTIFIER__SILENT_AFTER"].default == "P3D"
    assert shown["ESCALATION_DECIDER__POLICIES_FOLDER"].value == ""


def test_no_password_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "POSTGRES__DSN": "postgresql://ana:s3cretpw@h/db?password=s3cretpw",
        "KAFKA__SASL_PASSWORD": "s3cretpw",
        "SMTP__PASSWORD": "s3cretpw",
        "WORKBENCH__MAVEN_URL": "https://ci:s3cretpw@maven.example",
    }.items():
        monkeypatch.setenv(f"ESCALATION_{name}", value)
    settings = load_settings()
    assert "s3cretpw" not in str(describe_settings(settings))
