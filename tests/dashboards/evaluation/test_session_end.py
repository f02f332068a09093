"""What is left when the browser closes a page, and when the dashboard is stopped: nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60
PAGE = """
import streamlit as st
from dashboards.evaluation import evaluation, page_begins, this_session
from dashboards.evaluation.jobs import Progress
import time

page_begins()
folder = this_session().folder()
(folder / "clip.wav").write_text("a temporary sound")

def work(progress):
    while True:
        progress(0.5)
        time.sleep(0.02)

this_session().ask(str(folder), "", work)
st.text(f"folder {folder}")
st.text(f"running {evaluation().queue.length}")
"""

pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.is_file(), reason="chromium is missing: sudo apt-get install chromium"
    ),
    pytest.mark.slow,
]


@pytest.fixture
def server(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(PAGE)
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "dashboards.evaluation.serving", "run", str(page)]
    words += ["--server.port", str(port), "--server.headless", "true", "--", "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(words, env=environment, cwd=tmp_path, **quiet)
    try:
        assert eventually(lambda: answers(f"http://localhost:{port}/_stcore/health"))
        yield process, f"http://localhost:{port}/"
    finally:
        process.kill()
        process.wait()


def answers(url):
    try:
        urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def eventually(is_so):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.1)
    return False


def test_a_closed_page_leaves_no_files_and_no_work(server):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    process, url = server
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], headless=True
        )
        first, second = (browser.new_context().new_page() for _ in range(2))
        folders = []
        for page in (first, second):
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(url)
            said = page.get_by_text("folder /").inner_text()
            folders.append(Path(said.removeprefix("folder ")))
        assert folders[0] != folders[1] and all((each / "clip.wav").exists() for each in folders)
        assert second.get_by_text("running 2").count() == 1
        first.close()
        assert eventually(lambda: not folders[0].exists())
        assert folders[1].exists()
        second.reload()
        second.get_by_text("running 1").wait_for()
        said = second.get_by_text("folder /").inner_text()
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        assert not Path(said.removeprefix("folder ")).parent.exists()
        browser.close()
