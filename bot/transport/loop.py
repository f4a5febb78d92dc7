"""An event loop in a thread of its own, for a library that speaks no other way; the rest of the house is synchronous.

It starts when first needed and ends when closed. It knows no protocol and never retries.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds in which a connection that its server has just dropped is still noticed and closed.
DRAIN = 0.02


class LoopThread:
    """Runs coroutines for other threads, which wait for their results."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def cancel(self) -> None:
        """Ends whatever waits; returns when it has ended."""
        if self._loop is not None:
            self.run(_cancel_others())

    def close(self) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(asyncio.sleep(DRAIN))  # lets closed and dropped connections be told so
        self._loop.close()
        self._loop = self._thread = None


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
