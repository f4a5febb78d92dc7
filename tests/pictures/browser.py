"""Chromium without a window, spoken to over a pipe in its own protocol (Chrome DevTools Protocol), so that nothing but
the browser itself is needed. It knows no letter; what is looked at stands in look.py.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Nothing from outside, letters drawn alike everywhere, and root may start it: what it shows is our own.
FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--no-first-run", "--hide-scrollbars",
    "--font-render-hinting=none", "--disable-lcd-text", "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


SMALLER = """async (png, scale) => {
  const image = new Image()
  image.src = 'data:image/png;base64,' + png
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(image.width * scale)
  canvas.height = Math.round(image.height * scale)
  const pen = canvas.getContext('2d')
  pen.imageSmoothingQuality = 'high'
  pen.drawImage(image, 0, 0, canvas.width, canvas.height)
  const data = pen.getImageData(0, 0, canvas.width, canvas.height).data
  let text = ''
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192))
  return { width: canvas.width, height: canvas.height, data: btoa(text) }
}"""


def found() -> str | None:
    """The browser of this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page of the browser."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._rest = b""
        self._count = 0
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.tell("Page.enable")

    def ask(self, method: str, session: str = "", **given: Any) -> dict[str, Any]:
        """The answer to one command. Raises RuntimeError for a refusal, EOFError when the browser is gone."""
        self._count += 1
        asked = {"id": self._count, "method": method, "params": given, **({"sessionId": session} if session else {})}
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def tell(self, method: str, **given: Any) -> dict[str, Any]:
        """A command to the page."""
        return self.ask(method, self._session, **given)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 16)
            if not more:
                raise EOFError("the browser has gone")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        said: dict[str, Any] = json.loads(line)
        return said

    # --- a page -------------------------------------------------------------------------------------------------

    def show(self, html: str, width: int, *, dark: bool, height: int = 640) -> None:
        """This page, on a screen of that width."""
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.tell("Emulation.setEmulatedMedia", media="screen", features=scheme)
        frame = self.tell("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.tell("Page.setDocumentContent", frameId=frame, html=html)

    def run(self, script: str) -> Any:
        """What a script in the page finds; a promise is awaited. Raises RuntimeError with what it threw."""
        told = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"]["exception"].get("description", "the script failed"))
        return told["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        size = self.tell("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.tell("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def spoken(self) -> str:
        """What a screen reader reads, in its order, without the marks of lists."""
        nodes = self.tell("Accessibility.getFullAXTree")["nodes"]
        by_id = {node["nodeId"]: node for node in nodes}
        said, left = [], [nodes[0]["nodeId"]]
        while left:
            node = by_id[left.pop()]
            role = node["role"]["value"]
            if role == "StaticText":
                said.append(node.get("name", {}).get("value", ""))
            if role not in ("StaticText", "ListMarker"):
                left += [child for child in reversed(node.get("childIds", [])) if child in by_id]
        return " ".join(said)

    def pixels(self, png: bytes, scale: float) -> tuple[int, int, bytes]:
        """A picture's width, height and RGBA, made smaller by the browser."""
        told = self.run(f"({SMALLER})('{base64.b64encode(png).decode()}', {scale})")
        return told["width"], told["height"], base64.b64decode(told["data"])


@contextmanager
def opened(path: str) -> Iterator[Tab]:
    """A browser that is gone afterwards, with all that it wrote."""
    to_read, write = os.pipe()
    read, to_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True) as home:

        def take_its_ends() -> None:
            os.dup2(to_read, 3)
            os.dup2(to_write, 4)

        started = subprocess.Popen(
            [path, *FLAGS, f"--user-data-dir={home}"],
            preexec_fn=take_its_ends, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        try:
            yield Tab(write, read)
        finally:
            os.close(write)
            started.terminate()
            started.wait(30)
            os.close(read)
