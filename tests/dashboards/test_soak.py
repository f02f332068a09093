"""Five users at once: nobody sees an error, another's clip or another's answer.

They are sessions of a real server over Streamlit's own messages (`tests.dashboards.visitor`): five
browsers would need more than two cores for themselves, and what is asked here lies behind them.
``SOAK=300`` makes it five minutes.
"""

import hashlib
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from tests.dashboards.serving import served
from tests.dashboards.visitor import Visitor
from xaudio.audio import Clip, read_clip
from xaudio.classifiers import load_classifier
from xaudio.editing import RegionEdit, ask_again
from xaudio.explaining import decide, default_method, explain_clip, load_method
from xaudio.regions import Region

SECONDS = float(os.environ.get("SOAK", "15"))
USERS = 5
FEWEST = 5  # actions of each, however slow the machine is
DETECTOR = "tests.xaudio.tiny:high_band_detector"
MODELS = ("lcnn", DETECTOR)
RATE = 16000
REGION = (0.2, 0.9, 3000.0, 7000.0)
TARGET = "spoof - bonafide"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Truth:
    """What a page must show of a clip and a model."""

    decision: str
    score: str
    strongest: list[tuple[float, float]]
    after: str
    target_after: str


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Clips that differ in everything a page shows, and one that is broken."""
    folder = tmp_path_factory.mktemp("soak") / "audio"
    folder.mkdir()
    for number in range(6):
        times = np.arange(round((1.6 + 0.3 * number) * RATE)) / RATE
        high = (times > 0.2 + 0.15 * number) & (times < 0.5 + 0.2 * number)
        hiss = 0.02 * np.random.default_rng(number).normal(size=len(times))
        low = 0.3 * np.sin(2 * np.pi * (150 + 40 * number) * times)
        sound = low + hiss + (0.1 + 0.05 * number) * high * np.sin(2 * np.pi * 5000 * times)
        soundfile.write(folder / f"clip-{number}.wav", sound, RATE)
    (folder / "broken.wav").write_text("This is no recording.\n" * 50)
    return folder


@pytest.fixture(scope="module")
def truths(corpus):
    """By clip and model, computed here."""
    classifiers = {name: load_classifier(name) for name in MODELS}
    return {
        (path.name, name): truth(read_clip(path), classifier)
        for path in corpus.glob("clip-*.wav")
        for name, classifier in classifiers.items()
    }


def truth(clip: Clip, classifier) -> Truth:
    decision = decide(clip, classifier)
    method = load_method(default_method(classifier), {})
    explained = explain_clip(clip, classifier, method, TARGET)
    asked = ask_again(clip, classifier, [RegionEdit(Region(*REGION), "mute")], TARGET)
    return Truth(
        decision.label,
        f"{decision.score:.2f}",
        [(stretch.start, stretch.end) for stretch in explained.strongest(3)],
        asked.after.label,
        f"{asked.target_after:+.2f}",
    )


class User:
    """Somebody who clicks about and compares all that is shown with the truth."""

    def __init__(self, number: int, address: str, corpus, truths):
        self.random = random.Random(number)
        self.digests = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in corpus.iterdir()
        }
        self.truths = truths
        self.visitor = Visitor(address)
        self.clip, self.model = "", MODELS[0]
        self.actions = 0

    def click_about(self, until: float) -> int:
        self.visitor.visit()
        self.pick()
        while time.monotonic() < until or self.actions < FEWEST:
            self.random.choice([self.pick, self.switch, self.explain, self.edit, self.blunder])()
            self.actions += 1
        self.visitor.close()
        return self.actions

    def pick(self) -> None:
        self.clip = f"clip-{self.random.randrange(6)}.wav"
        self.visitor.choose("Clip of the folder", f"audio/{self.clip}")
        self.check()

    def switch(self) -> None:
        self.model = self.random.choice(MODELS)
        self.visitor.choose("Model", self.model)
        self.check()

    def explain(self) -> None:
        self.visitor.press("Explain")
        self.check()
        viewer = self.visitor.viewer
        assert [layer["target"] for layer in viewer["relevance"]] == [TARGET]
        (shown,) = [lane["stretches"] for lane in viewer["lanes"] if lane["name"] == "Strongest"]
        for (start, end, _), known in zip(shown, self.truth.strongest, strict=False):
            assert (start, end) == pytest.approx(known, abs=1e-3)

    def edit(self) -> None:
        self.visitor.draw(REGION)
        self.visitor.press("Mute")
        self.check()
        found = self.visitor.metrics
        assert found["After"] == self.truth.after
        assert float(found[TARGET]) == pytest.approx(float(self.truth.target_after), abs=0.02)
        self.visitor.press("Undo")
        assert "After" not in self.visitor.metrics
        self.check()

    def blunder(self) -> None:
        """A broken file is a sentence, and the page lives on."""
        self.visitor.choose("Clip of the folder", "audio/broken.wav")
        (said,) = self.visitor.errors
        assert "broken.wav" in said and "Traceback" not in said
        self.pick()

    def check(self) -> None:
        """The clip and the answer are this user's own."""
        found, visitor = self.visitor.metrics, self.visitor
        assert visitor.errors == []
        assert visitor.headings[0] == self.clip
        assert found["Decision"] == self.truth.decision
        assert float(found["Score"]) == pytest.approx(float(self.truth.score), abs=0.011)
        assert visitor.viewer["name"] == self.clip
        assert visitor.viewer["identity"].startswith(self.digests[self.clip])

    @property
    def truth(self) -> Truth:
        known: Truth = self.truths[self.clip, self.model]
        return known


def warm_up(address: str) -> None:
    """Both models loaded, and what they need imported, before the clock runs."""
    first = Visitor(address, patience=300.0)
    first.visit()
    first.choose("Clip of the folder", "audio/clip-0.wav")
    for model in MODELS:
        first.choose("Model", model)
        first.press("Explain")
    first.close()


@pytest.mark.timeout(SECONDS + 600)
def test_five_users_at_once_see_what_is_theirs(tmp_path, corpus, truths):
    with served(tmp_path, corpus, [DETECTOR]) as dashboard:
        warm_up(dashboard.address)
        until = time.monotonic() + SECONDS
        users = [User(number, dashboard.address, corpus, truths) for number in range(USERS)]
        with ThreadPoolExecutor(USERS) as together:
            counts = list(together.map(lambda user: user.click_about(until), users))
        log = dashboard.log.read_text()
    print(f"{sum(counts)} actions of {USERS} users in {SECONDS:.0f} s: {counts}")
    assert min(counts) >= FEWEST
    assert "Traceback" not in log
