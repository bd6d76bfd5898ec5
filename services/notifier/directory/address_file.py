"""Read the file of addresses: ours, or the one that a setting names."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from services.notifier.directory.addresses import Addresses


class AddressesProblem(ValueError):
    """What is wrong where in the file of addresses."""


def load_addresses(file: Path | None) -> Addresses:
    """Where support is reached. Errors: ``AddressesProblem``."""
    named = str(file) if file else "services/notifier/addresses.yaml"
    try:
        text = (file or files("services.notifier") / "addresses.yaml").read_text("utf-8")
        return Addresses.model_validate(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise AddressesProblem(
            f"{named} cannot be read: {error}. ESCALATION_NOTIFIER__ADDRESSES_FILE names it"
        ) from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise AddressesProblem("\n".join((f"{named} is not as it should be:", *lines))) from None
