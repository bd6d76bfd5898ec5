"""No password is shown, however an address is written; what is harmless stays readable."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.runtime.secrets import secrets_of, shown_address, without
from infra.runtime.settings import KafkaSettings, PostgresSettings, Settings, SmtpSettings

PASSWORD = "s3cretpw"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ana:s3cretpw@127.0.0.1:5432/db", "postgresql://ana:***@127.0.0.1:5432/db"),
        ("postgresql://ana@h/db?password=s3cretpw", "postgresql://ana@h/db?password=***"),
        (
            "postgresql://ana:s3cretpw@a:1,b:2/db?sslmode=require&sslpassword=s3cretpw",
            "postgresql://ana:***@a:1,b:2/db?sslmode=require&sslpassword=***",
        ),
        ("postgresql://ana:s3cretpw@[::1]:5432/db", "postgresql://ana:***@[::1]:5432/db"),
        ("host=h user=ana password=s3cretpw dbname=db", "host=h user=ana password=*** dbname=db"),
        ("password = 's3cretpw \\' x' host=h", "password=*** host=h"),
        ("HOST=h PASSWORD=s3cretpw", "host=h password=***"),
        ("postgresql://ana@h/db?pass%77ord=s3cretpw", "postgresql://ana@h/db?password=***"),
        ("https://ci:s3cretpw@maven.example/repo", "https://ci:***@maven.example/repo"),
        ("kafka-1:9092,kafka-2:9092", "kafka-1:9092,kafka-2:9092"),
        ("postgresql://postgres@127.0.0.1:5432/postgres",) * 2,
        ("postgresql://ana:s3cretpw", "postgresql://***"),
        ("postgresql://ana:s3/cretpw@h/db", "postgresql://***"),
        ("ana:s3cretpw@h", "***"),
        ("s3cretpw@", "***"),
    ],
)
def test_addresses_are_shown_without_their_passwords(address: str, shown: str) -> None:
    assert shown_address(address) == shown


DELICATE = st.text(string.ascii_letters + string.digits + "@:/?#&=%'\\ ,[]", max_size=8)
FORMS = (
    "postgresql://ana:{0}@h:5432/db",
    "postgresql://ana:{0}@h1:1,h2:2/db?sslmode=require",
    "postgres://h/db?user=ana&password={0}",
    "postgresql://h/db?password={0}&host=x",
    "host=h password={0} dbname=db",
    "host=h password='{0}' dbname=db",
    "ana:{0}@h",
    "{0}",
)


@given(form=st.sampled_from(FORMS), before=DELICATE, after=DELICATE, escaped=st.booleans())
def test_whatever_stands_in_a_password_it_is_not_shown(
    form: str, before: str, after: str, escaped: bool
) -> None:
    password = f"{before}@s3cretpw-{after}"
    address = form.format(quote(password, safe="") if escaped else password)
    assert PASSWORD not in shown_address(address)


@given(st.sampled_from(FORMS[:4]), st.text("abcXYZ0189!$*()_+~", min_size=4, max_size=20))
def test_a_password_is_known_to_be_one_wherever_a_sentence_repeats_it(
    form: str, password: str
) -> None:
    settings = Settings(
        postgres=PostgresSettings.model_construct(dsn=form.format(quote(password, safe=""))),
        kafka=KafkaSettings(sasl_password=password),
        smtp=SmtpSettings(password=f"{password}-smtp"),
    )
    secrets = secrets_of(settings)
    for said in (f"refused: {password}", f"DSN {form.format(quote(password, safe=''))}", password):
        assert password not in without(secrets, said)
