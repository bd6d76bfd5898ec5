"""Every statement of this service by name: ``SQL["offset_of"]``, from ``statements.sql``."""

from __future__ import annotations

from typing import Final

from infra.runtime.sql_files import statements

SQL: Final = statements(__name__, "statements.sql")
