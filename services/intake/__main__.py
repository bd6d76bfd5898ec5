"""``python -m services.intake``: one intake process, configured by environment."""

from __future__ import annotations

from services.intake.app import main

if __name__ == "__main__":
    main()
