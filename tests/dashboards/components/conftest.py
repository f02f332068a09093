"""A server with the viewer alone, and a page to look at it with."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.dashboards.components.browsing import PATIENCE
from tests.dashboards.serving import wait_for

ROOT = Path(__file__).resolve().parents[3]
PAGE = Path(__file__).with_name("page.py")


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """A page with nothing but the viewer, on a free port."""
    with closing(socket.socket()) as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", str(PAGE), "--server.port", str(port)]
    words += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = tmp_path_factory.mktemp("page")
    server = subprocess.Popen(words, env=environment, cwd=place, **quiet)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}/"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def view(browser):
    """A page that fails the test when something goes wrong in its script."""
    page = browser.new_page(viewport={"width": 1280, "height": 1250})
    page.set_default_timeout(PATIENCE)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    yield page
    page.close()
    assert not wrong
