"""What the service manager is told: ready, reloading, stopping, still alive (systemd's notification protocol).

Lines go as one datagram to $NOTIFY_SOCKET; without one nothing happens. When to speak is daemon.py's to know.
"""

import socket
import time
from collections.abc import Mapping

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Notify:
    """Speaks to the service manager of this environment, if it has one."""

    def __init__(self, env: Mapping[str, str]) -> None:
        address = env.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def __call__(self, *lines: str) -> bool:
        """Whether it was said; a service manager that does not listen stops no work."""
        if not self._address:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            try:
                line.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return False
        return True

    def reloading(self) -> bool:
        """Says that READY will be said again; the protocol wants the monotonic microseconds with it."""
        return self("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
