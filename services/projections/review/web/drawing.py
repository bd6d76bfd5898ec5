"""Templates, and the words and signs that they use: state, word and sign come from one value."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from schemas.codes import in_words
from services.projections.review.questions.attention import BANDS, PARTS
from services.projections.review.questions.open_board import why
from services.projections.review.times import instant
from services.projections.review.web.deadline import deadline, distance

SIGNS: Final = {"overdue": "▲", "strong": "◕", "soon": "◕", "later": "○", "paused": "❚❚",
                "none": "·"}  # fmt: skip
TRENDS: Final = {"improving": "↗ improving", "same": "→ the same", "declining": "↘ declining"}
GRADES: Final = {"high": "■ High (red)", "medium": "◧ Medium (orange)", "low": "□ Low"}
BAND_NAMES: Final = {band.code: band.name for band in BANDS}


def _fingerprint(name: str) -> str:
    data = (files(__package__ or "") / "static" / name).read_bytes()
    return f"/static/{name}?{sha256(data).hexdigest()[:12]}"


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader(__package__ or ""), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters.update(words=in_words, instant=instant, distance=distance)
    found.globals.update(
        signs=SIGNS, trends=TRENDS, grades=GRADES, band_names=BAND_NAMES, bands=BANDS, parts=PARTS,
        deadline=deadline, why=why, static=_fingerprint,
    )  # fmt: skip
    return found


TEMPLATES: Final = _environment()


def draw(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page as an answer."""
    return HTMLResponse(TEMPLATES.get_template(name).render(**values), status)
