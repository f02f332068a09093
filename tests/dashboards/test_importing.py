"""Nothing of ours is imported by two threads at a time, which may show one a half-made module."""

import json
import subprocess
import sys
import threading
import time

import pytest

from dashboards import importing
from tests.dashboards.recordings import CLIP, MODEL, recordings
from tests.dashboards.serving import ROOT

FIRST_VISITS = [
    "inspect",
    "corrupt",
]  # one waits for imports by itself, for the others the app does
BEFORE = {"dashboards.links", "dashboards.told", "dashboards.markdown"}  # need nothing else
VISITOR = """
import json, sys
import dashboards.evaluation.serving
from importlib.machinery import PathFinder
from streamlit.testing.v1 import AppTest
from tests.dashboards.settling import settled

outside = []

class Watching:
    def find_spec(name, path=None, target=None):
        frame, inside = sys._getframe(), False
        while frame and not inside:
            code, frame = frame.f_code, frame.f_back
            inside = code.co_filename.endswith("dashboards/importing.py")
        if not inside:
            outside.append(name)

app, first, clip, *sys.argv[1:] = sys.argv[1:]
sys.meta_path.insert(0, Watching)
for page in sorted(["inspect", "corrupt", "compare", "robustness", "run"], key=first.__ne__):
    visit = AppTest.from_file(app, default_timeout=120)
    visit.session_state["source"], visit.session_state["clip"] = "Folder", clip
    if page != "inspect":
        visit.switch_page(f"views/{page}.py")
    settled(visit)
    for button in [each for each in visit.button if each.label == "Explain"]:
        button.click()
        settled(visit)
print(json.dumps(outside))
"""


@pytest.mark.parametrize("first", FIRST_VISITS)
def test_pages_and_what_they_ask_import_nothing_by_themselves(first, tmp_path):
    folder = recordings(tmp_path)
    words = [str(ROOT / "dashboards" / "app.py"), first, CLIP]
    words += ["--folder", str(folder), "--model", MODEL]
    ran = subprocess.run(
        [sys.executable, "-c", VISITOR, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    outside = json.loads(ran.stdout.splitlines()[-1])
    own = ("dashboards.", "xaudio.", "explainers.", "perturbations.")
    assert len(outside) > 10  # of other libraries
    assert {each for each in outside if each.startswith(own)} == BEFORE


def test_whoever_comes_meanwhile_waits_and_the_work_is_done_once():
    began, ends, log = threading.Event(), threading.Event(), []

    @importing._once
    def work():
        began.set()
        ends.wait(10)
        log.append("done")

    def ask():
        work()
        log.append("asked")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    threads[0].start()
    began.wait(10)
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.1)
    assert not log
    ends.set()
    for thread in threads:
        thread.join(10)
    assert log == ["done"] + ["asked"] * 4
