"""What a test needs and this machine lacks: a loud skip on a laptop, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, how: str) -> NoReturn:
    """Skips with the reason and how to install it; fails where CI is set, so that nothing goes untested unseen."""
    reason = f"{what} is missing on this machine: {how}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
