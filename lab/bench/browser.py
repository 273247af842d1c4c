"""The dashboard in a server of its own, driven in a real browser: for its bench and its tests.

Needs Playwright, which comes with the tests' dependencies, and the system's chromium; nothing is downloaded.
"""

from __future__ import annotations

import base64
import http.client
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lab.system.checkout import ROOT

APP = ROOT / "dashboard" / "app.py"
PATIENCE = 120  # seconds until a wait is given up: a busy machine is slow, and that is no failure
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--no-sandbox", "--disable-gpu")  # a container has neither user namespaces nor graphics
# `streamlit run`, which ends with the process that started it, however that one ends: then its standard input closes
RUN = """import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
from streamlit.web.cli import main
main(prog_name="streamlit")"""
# What a page shows. The viewer stands in a shadow tree; `ready` counts how often it was painted.
SEEN = """() => {
  const shadows = [...document.querySelectorAll("*")].map((found) => found.shadowRoot).filter(Boolean);
  const all = (what) => [document, ...shadows].flatMap((root) => [...root.querySelectorAll(what)]);
  const words = (what) => all(what).map((found) => found.textContent.trim());
  const [labels, values, changes] = ["Label", "Value", "Delta"].map((part) => words(`[data-testid=stMetric${part}]`));
  return {
    ready: Math.max(0, ...all(".viewer").map((found) => Number(found.dataset.ready))),
    figures: labels.map((label, i) => [label, values[i] ?? "", changes[i] ?? ""]),
    remarks: words(".viewer .panel .remark"),
    texts: words("[data-testid=stMarkdownContainer]"),
    running: document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning",
  };
}"""


class Server(NamedTuple):
    """A Streamlit server that runs."""

    address: str  # of its page
    process: subprocess.Popen
    log: Path  # what it says


# ---- the server ----


@contextmanager
def served(script: Path = APP, **environment: str) -> Iterator[Server]:
    """`streamlit run script` beside its settings, on a free port; it is gone when the block ends, or this process."""
    if not script.exists():
        raise FileNotFoundError(
            f"wanted {script}, which is not there: the dashboard comes with the repository and its wheel"
        )
    with tempfile.TemporaryDirectory() as folder:
        log, port = Path(folder) / "log", free_port()
        command = [sys.executable, "-c", RUN, "run", str(script), "--server.headless=true", f"--server.port={port}"]
        how = {"cwd": ROOT, "env": os.environ | environment, "stdin": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdout=file, **how)
        try:
            server = Server(f"http://localhost:{port}", process, log)
            until_healthy(server, port)
            yield server
        finally:
            process.kill()
            process.wait()
            process.stdin.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


def until_healthy(server: Server, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not healthy(port):
        if server.process.poll() is not None or time.monotonic() > deadline:
            words = server.log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
            raise OSError(f"wanted a Streamlit server on port {port}, and it did not start: {words[-1]}")
        time.sleep(0.05)


def healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


# ---- the browser ----


def playwright() -> ModuleType:
    try:
        return import_module("playwright.sync_api")
    except ImportError:
        raise ValueError("wanted Playwright to drive a browser, found none; pip install -e '.[test]'") from None


def chromium() -> str:
    """The path of the system's chromium."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise FileNotFoundError("wanted chromium on the PATH, found none; on Debian: apt-get install chromium")
    return path


@contextmanager
def browsing() -> Iterator[Any]:
    """A browser without a window. Its timeouts are OSErrors of one line."""
    api, path = playwright(), chromium()
    try:
        with api.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=path, headless=True, args=list(OPTIONS))
            try:
                yield browser
            finally:
                browser.close()
    except api.Error as error:
        raise OSError(f"the browser gave up: {str(error).splitlines()[0]}") from error


@contextmanager
def visitor(browser: Any) -> Iterator[Any]:
    """An empty page of a new visitor: no cookies, nothing cached."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(1000 * PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


def seen(page: Any) -> dict[str, Any]:
    """What the page shows: `SEEN`."""
    return page.evaluate(SEEN)


def until(page: Any, condition: str, **given: Any) -> dict[str, Any]:
    """Wait for a condition in JavaScript on what is `seen` and `given`; returns what is seen then."""
    how = f"(given) => {{ const seen = ({SEEN})(); return {condition} ? seen : null; }}"
    return page.wait_for_function(how, arg=given, timeout=1000 * PATIENCE).json_value()


def settled(page: Any) -> dict[str, Any]:
    """Wait until the page's script has run to its end."""
    return until(page, "!seen.running")


def dial(page: Any, name: str) -> Any:
    """The slider or field that was placed under that key."""
    return page.locator(f".st-key-{name} input")


def painted(page: Any, title: str) -> np.ndarray:
    """The pixels of a panel of the viewer, (H, W, 3) uint8."""
    panel = page.locator(".viewer .panel").filter(has=page.get_by_text(title, exact=True))
    address = panel.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")  # a PNG
    return np.array(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))
