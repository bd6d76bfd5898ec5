"""Whether an address of a server can be used, said in a sentence that never quotes a password."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field

_SSLMODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_HOST: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.%]+\]|[\w.-]+)(:(?P<port>\d{1,5}))?")
_HIGHEST_PORT: Final = 65_535


def is_dsn(text: str) -> str:
    """A DSN that asyncpg can use. Errors: ``ValueError`` with what to write."""
    scheme, separator, _ = text.partition("://")
    if not separator or scheme not in ("postgresql", "postgres"):
        raise ValueError("write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"host and port cannot be told apart: {_ENCODE}") from None
    if "@" in parts.path + parts.query or parts.fragment:
        raise ValueError(f"password and host cannot be told apart: {_ENCODE}")
    for one in filter(None, parts.netloc.rpartition("@")[2].split(",")):
        if not _names_a_server(one):
            raise ValueError(f"host and port cannot be told apart: {_ENCODE}")
    mode = parse_qs(parts.query).get("sslmode", ["prefer"])[0]
    if mode not in _SSLMODES:
        raise ValueError(f"sslmode is not one of: {', '.join(_SSLMODES)}")
    return text


def is_broker_list(text: str) -> str:
    """Brokers as ``host:port,host:port``. Errors: ``ValueError`` with what to write."""
    for one in text.split(","):
        if not _names_a_server(one.strip()):
            raise ValueError("write brokers as host:port,host:port, ports from 1 to 65535")
    return text


def is_instance_id(text: str) -> str:
    """What Kafka takes as a name of a group's member. Errors: ``ValueError``."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", text):
        raise ValueError("write 1 to 128 letters, digits, dots, dashes or underscores")
    return text


def _names_a_server(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and 1 <= int(found["port"] or 1) <= _HIGHEST_PORT


_ENCODE: Final = (
    "write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, the port from 1 to 65535, and "
    "characters such as @ : / ? # in a password percent-encoded (%40 %3A %2F %3F %23)"
)
Dsn = Annotated[str, AfterValidator(is_dsn)]
Brokers = Annotated[str, AfterValidator(is_broker_list)]
InstanceId = Annotated[str, AfterValidator(is_instance_id)]
Port = Annotated[int, Field(ge=1, le=_HIGHEST_PORT)]
Tls = Literal["none", "starttls", "tls"]
