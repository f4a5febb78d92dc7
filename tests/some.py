"""How much of what could be drawn without end a test draws: what it names, or with CHALLENGE_BOT_DRAW=third a third.

A third is for what runs at each change, many times a day, and draws anew each time; `make test` draws all.
"""

import os

IS_A_THIRD = os.environ.get("CHALLENGE_BOT_DRAW") == "third"


def some(number: int) -> int:
    return max(1, number // 3) if IS_A_THIRD else number
