"""`challenge-bot`, also `python -m bot`. `deliver` goes its own way, before anything else is imported.

A mail server bounces a mail for any exit code but 0 and 75, so a library that is broken, half-way through an upgrade
for instance, must not end `deliver` with another. It knows no command but that one.
"""

import os
import sys

TRY_AGAIN = 75  # EX_TEMPFAIL


def main() -> None:
    """The entry point. `deliver` ends with 0 or 75, whatever is broken; the exit codes of the others: cli/main.py."""
    if sys.argv[1:2] == ["deliver"]:
        _deliver(sys.argv[2:])
    else:
        from bot.cli.main import main as others

        others()


def _deliver(words: list[str]) -> None:
    code = TRY_AGAIN
    try:
        from datetime import UTC, datetime

        from bot.doors.maildir.pipe import deliver

        code = deliver(words, datetime.now(UTC))
    except BaseException as fault:
        why = f": {fault}" if isinstance(fault, ImportError) else ""  # others may quote the mail
        sys.stderr.write(f"deliver failed by a fault of ours: {type(fault).__name__}{why}\n")
    finally:
        os._exit(code)  # neither a complaint that nobody can read nor the interpreter's own end may change it


if __name__ == "__main__":
    main()
