"""A TCP proxy on loopback that has bad days: it cuts after so many bytes, swallows everything, or edits what passes.

It knows no protocol. `with Proxy(host, port) as proxy:` listens on `proxy.port`; the switches act on connections
already open, too. One thread a direction; `close` ends them all.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

CHUNK = 65_536


class Proxy:
    """Between clients and one server. `sent` counts the bytes that came from the server since `cut_after`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sent = 0
        self.cuts = 0
        self._limit: int | None = None
        self._is_once = False
        self._is_hole = False
        self._edit: Callable[[bytes], bytes] = bytes
        self._edit_asked: Callable[[bytes], bytes] = bytes
        self._asked = bytearray()
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    def cut_after(self, count: int | None) -> None:
        """Closes both sides once `count` more bytes have come from the server; each later connection at once.
        None: never again."""
        with self._lock:
            self.sent, self._limit, self._is_once = 0, count, False

    def cut_once_after(self, count: int) -> None:
        """The same for one connection; the next one passes."""
        self.cut_after(count)
        self._is_once = True

    def blackhole(self, on: bool = True) -> None:
        """Accepts and reads, and lets nothing through in either direction."""
        self._is_hole = on

    def edit(self, change: Callable[[bytes], bytes]) -> None:
        """Runs each chunk from the server through `change`."""
        self._edit = change

    def edit_asked(self, change: Callable[[bytes], bytes]) -> None:
        """Runs each chunk from a client through `change`."""
        self._edit_asked = change

    def has_seen(self, *words: bytes) -> bool:
        """Whether a client has sent one of these through it, in plain text."""
        return any(word in self._asked for word in words)

    def kill(self) -> None:
        """Closes every connection that is open now."""
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            _end(line)

    def close(self) -> None:
        # shutdown wakes the accepting thread, which close alone does not
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.kill()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spawn(self, work: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for line in (client, server):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._lines += [client, server]
            self._spawn(self._pump, client, server, False)
            self._spawn(self._pump, server, client, True)

    def _pump(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if self._is_hole:
                    continue
                if not is_answer:
                    self._asked += data
                kept, is_over = self._allowed(self._edit(data)) if is_answer else (self._edit_asked(data), False)
                sink.sendall(kept)
                if is_over:
                    break
        _end(source)
        _end(sink)

    def _allowed(self, data: bytes) -> tuple[bytes, bool]:
        with self._lock:
            room = None if self._limit is None else self._limit - self.sent
            if room is None or len(data) < room:
                self.sent += len(data)
                return data, False
            self.sent += room
            self.cuts += 1
            if self._is_once:
                self._is_once, self._limit = False, None
            return data[:room], True


def _end(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
