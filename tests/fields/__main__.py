"""``make fields``: drop each field of what may be reported, and see a test fail without it.

A field without any is a defect, or stands in ``passed_on.yaml`` with its reason. Exit 3 where
one is neither. ``python -m tests.fields Opened.title`` asks about single fields; with
``--without-servers`` only the tests run that need none.
"""

from __future__ import annotations

import sys

from rich.progress import track

from tests.fields.catalogue import fields
from tests.fields.evidence import passed_on, problems, shown, write_shown
from tests.fields.without import failing_test


def main() -> int:
    every = list(fields())
    asked = [one for one in every if one.key in sys.argv[1:]] or every
    found = {one.key: shown()[one.key] for one in every if one.key in shown()}
    for field in track(asked, "dropping fields", disable=not sys.stderr.isatty()):
        test = failing_test(field, "--without-servers" not in sys.argv)
        print(f"{field.key}: {test or 'nothing fails without it'}", flush=True)
        found.pop(field.key, None)
        if test is not None:
            found[field.key] = test
        write_shown({one.key: found[one.key] for one in every if one.key in found})
    print(f"{len(found)} of {len(every)} fields are shown, {len(passed_on())} are passed on")
    missing = list(problems())
    for problem in missing:
        print(problem, file=sys.stderr)
    return 3 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
