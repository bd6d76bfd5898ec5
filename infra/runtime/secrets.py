"""Show settings and sentences without the passwords in them.

Of an address such as a DSN only the parts that are known to be harmless are shown, so that a form
that we do not know, or one that is written wrongly, shows too little and never too much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

HIDDEN: Final = "***"
SHORTEST: Final = 4
"""Characters from which on a secret is looked for in sentences; shorter ones would be found in
every word. What shows settings does not depend on it."""
_HARMLESS: Final = frozenset(
    (
        "host", "hostaddr", "port", "user", "dbname", "database", "sslmode", "sslrootcert",
        "sslcert", "sslkey", "sslcrl", "sslsni", "application_name", "connect_timeout",
        "target_session_attrs", "channel_binding", "krbsrvname", "gssencmode",
    )
)  # fmt: skip
_HOSTS: Final = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[\w.-]*)(:\d*)?(,(\[[\w:.%]+\]|[\w.-]*)(:\d*)?)*")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PAIR: Final = re.compile(r"\s*([A-Za-z_]+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\])+)(?=\s|$)\s*")


def shown_address(text: str) -> str:
    """A DSN or URL without passwords: ``postgresql://ana:***@host/db``, ``host=… password=***``."""
    if _URL.match(text):
        return _shown_url(text)
    if "=" in text:
        return _shown_pairs(text)
    return text if _HOSTS.fullmatch(text) and "@" not in text else HIDDEN


def _shown_url(text: str) -> str:
    """Hidden whole after the scheme where it is not clear which part is which."""
    scheme = text.partition("://")[0]
    try:
        parts = urlsplit(text)
    except ValueError:
        return f"{scheme}://{HIDDEN}"
    user_part, at, hosts = parts.netloc.rpartition("@")
    is_clear = _HOSTS.fullmatch(hosts) and "@" not in parts.path + parts.query + parts.fragment
    if not is_clear:
        return f"{scheme}://{HIDDEN}"
    user, colon, _ = user_part.partition(":")
    login = f"{user}{f':{HIDDEN}' if colon else ''}{at}"
    return f"{scheme}://{login}{hosts}{parts.path}{_shown_query(parts.query)}"


def _shown_query(query: str) -> str:
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = [
        f"{name}={quote(value, safe='/,.:') if name in _HARMLESS and '@' not in value else HIDDEN}"
        for name, value in pairs
        if re.fullmatch(r"\w+", name)
    ]
    return "?" + "&".join(shown or [HIDDEN])


def _shown_pairs(text: str) -> str:
    shown: list[str] = []
    at = 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            return " ".join([*shown, HIDDEN])
        name = pair[1].lower()
        shown.append(f"{name}={pair[2] if name in _HARMLESS else HIDDEN}")
        at = pair.end()
    return " ".join(shown)


def secrets_of(settings: BaseModel) -> frozenset[str]:
    """Every password and token among these settings, in each form in which it may be printed."""
    found: set[str] = set()
    for text in _texts(settings):
        for form in (text, unquote(text), quote(text, safe=""), quote(text)):
            found |= {form, json.dumps(form)[1:-1], repr(form)[1:-1]}
    return frozenset(one for one in found if len(one) >= SHORTEST)


def without(secrets: frozenset[str], text: str) -> str:
    """A sentence with these words hidden, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _texts(model: BaseModel) -> Iterator[str]:
    for _, value in model:
        if isinstance(value, BaseModel):
            yield from _texts(value)
        elif isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str):
            yield from _passwords_in(value)


def _passwords_in(address: str) -> Iterator[str]:
    if _URL.match(address):
        rest = address.partition("://")[2]
        login, at, _ = rest.rpartition("@")
        if at and ":" in login:
            yield login.partition(":")[2]
        for name, value in parse_qsl(address.partition("?")[2]):
            if name not in _HARMLESS:
                yield value
    elif "=" in address:
        for pair in _PAIR.finditer(address):
            if pair[1].lower() not in _HARMLESS:
                yield pair[2].strip("'")
