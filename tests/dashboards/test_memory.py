"""Fifty explanations in a row: the server does not grow by more than fifty megabytes."""

import sys

import numpy as np
import pytest
import soundfile

from tests.dashboards.serving import served
from tests.dashboards.visitor import Visitor

RATE = 16000
CLICKS = 50
WARM = 10  # clicks until everything is imported and caches of the libraries are filled
TARGETS = ("spoof - bonafide", "spoof", "bonafide")
MOST = 50e6  # bytes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    for number in range(-(-(CLICKS + WARM) // len(TARGETS))):
        noise = np.random.default_rng(number).normal(0, 0.1, 4 * RATE)
        soundfile.write(folder / f"clip-{number}.wav", noise, RATE)
    return folder


def explain(visitor: Visitor, number: int) -> None:
    """Another target with every click, another clip with every third."""
    clip, target = divmod(number, len(TARGETS))
    if target == 0:
        visitor.choose("Clip of the folder", f"audio/clip-{clip}.wav")
    visitor.choose("Target", TARGETS[target])
    visitor.press("Explain")
    assert visitor.errors == []
    assert visitor.viewer["name"] == f"clip-{clip}.wav"
    assert [layer["target"] for layer in visitor.viewer["relevance"]] == [TARGETS[target]]


def test_fifty_explain_clicks(tmp_path, corpus):
    """No answer is known already."""
    with served(tmp_path, corpus) as dashboard:
        visitor = Visitor(dashboard.address)
        visitor.visit()
        for number in range(WARM):
            explain(visitor, number)
        before = dashboard.resident
        for number in range(WARM, WARM + CLICKS):
            explain(visitor, number)
        grown = dashboard.resident - before
        visitor.close()
    print(f"{CLICKS} explanations: {grown / 1e6:+.1f} MB on {before / 1e6:.0f} MB")
    assert grown < MOST
