"""Headless Chromium, told what to do over its DevTools protocol."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1800,1200",
    "--remote-debugging-port=0",
)
MAX_MESSAGE = 64 * 2**20


class Page:
    """One tab: opens addresses, reads what is on them, clicks."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._sent = 0

    def tell(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command of the protocol and return its answer."""
        self._sent += 1
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == self._sent:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def open(self, address: str) -> None:
        """Open an address."""
        self.tell("Page.navigate", url=address)

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression on the page."""
        answer = self.tell("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def text(self) -> str:
        """Return the words that a person sees."""
        return str(self.ask("document.body ? document.body.innerText : ''"))

    def shows(self, *words: str, within: float = 40) -> bool:
        """Wait until all of these words are on the page."""
        return self.becomes(f"{json.dumps(words)}.every(word => document.body.innerText.includes(word))", within=within)

    def becomes(self, expression: str, *, within: float = 40) -> bool:
        """Wait until an expression is true and return whether it is."""
        deadline = time.monotonic() + within
        while not (true := bool(self.ask(f"!!document.body && !!({expression})"))) and time.monotonic() < deadline:
            time.sleep(0.2)
        return true

    def click(self, words: str) -> None:
        """Click the innermost thing that says exactly these words."""
        found = (
            "[...document.querySelectorAll('a, button, span, div')]"
            f".filter(thing => thing.innerText && thing.innerText.trim() === {json.dumps(words)}).pop()"
        )
        assert self.becomes(found), f"{words} is not on the page:\n{self.text()[:2000]}"
        self.ask(f"{found}.click()")

    def picture(self, file: Path) -> None:
        """Keep what is to be seen as a PNG."""
        file.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot")["data"]))


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """Open a browser with an empty profile in `folder`."""
    assert CHROMIUM is not None
    told = subprocess.DEVNULL
    with subprocess.Popen([CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"], stdout=told, stderr=told) as process:
        try:
            with connect(_address_of_first_tab(folder), max_size=MAX_MESSAGE) as socket:
                yield Page(socket)
        finally:
            process.terminate()


def _address_of_first_tab(folder: Path) -> str:
    told = folder / "DevToolsActivePort"
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text().count("\n")):
        assert time.monotonic() < deadline, "Chromium did not start"
        time.sleep(0.1)
    tabs = httpx.get(f"http://127.0.0.1:{told.read_text().split()[0]}/json/list", timeout=30).json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
