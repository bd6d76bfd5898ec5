"""How far clocks may differ, and what follows from it for when a policy counts.

One is given, the others are computed from it: a request may be dated so far after its record;
so a record may be so far ahead of what its judge knows of the policies; so a version must be
published twice as long before it counts, or two judges could see two policies.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

FUTURE: Final = timedelta(minutes=5)
"""How far an event's time may lie after its record's timestamp."""
KNOWN_AHEAD: Final = FUTURE
"""How far a record may be ahead of what is known of the policies topic."""
NOTICE: Final = FUTURE + KNOWN_AHEAD
"""How long before it counts a version must be published."""
