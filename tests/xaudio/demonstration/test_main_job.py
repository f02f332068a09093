import re
from contextlib import nullcontext

import numpy as np
import pytest

from tests.xaudio.datasets.voices import voice
from xaudio.audio import write_audio
from xaudio.datasets.manifest import load_manifest
from xaudio.demonstration import localisation, main_job
from xaudio.demonstration.localisation import CEILING, LOOKS
from xaudio.demonstration.main_job import CORRUPTIONS, METHODS, DemoSize, demonstrate, one_of_each
from xaudio.demonstration.summary import summary_figures, summary_text

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    home = tmp_path_factory.mktemp("demonstration")
    (home / "speech").mkdir()
    for number in range(2):
        recording = voice(1.6, seed=number, pitch=110.0 + 40 * number)
        write_audio(home / "speech" / f"speaker{number}.wav", recording, 16000)
    size = DemoSize(utterances=2, sentences=0, hybrids=1, seconds=1.5)
    out = home / "demo"
    summary = demonstrate(out, home / "speech", size, lambda _: nullcontext(lambda *_: None))
    return out, summary


def test_every_kind_is_explained_by_every_method(finished):
    out, _ = finished
    shown = one_of_each(load_manifest(out / "corpus" / "manifest.parquet"))
    kinds = {row.attack for row in shown}
    assert {None, "world", "griffin-lim", "lpc"} <= kinds
    assert sum(bool(row.segments) for row in shown) == 2
    for row in shown:
        for method in METHODS:
            files = {path.name for path in (out / "explained" / f"{row.clip}-{method}").iterdir()}
            assert {"explanation.npz", "picture.png", "relevant.wav", "report.html"} <= files


def test_every_corruption_at_three_severities_is_in_the_summary(finished):
    out, summary = finished
    conditions = {(row["corruption"], row["severity"]) for row in summary.conditions}
    assert conditions >= {(name, severity) for name in CORRUPTIONS for severity in (1, 3, 5)}
    text = (out / "summary.txt").read_text()
    assert text == summary_text(summary) + "\n"
    assert all(name in text for name in CORRUPTIONS)
    assert max(map(len, text.splitlines())) <= 88


def test_every_method_stands_beside_the_ceiling(finished):
    _, summary = finished
    figures = summary_figures(summary)["localisation"]
    assert figures.keys() == {CEILING, *(look.title for look in LOOKS)}
    for area in figures.values():
        assert 0.0 <= area["raw"]["low"] <= area["raw"]["mean"] <= area["raw"]["high"] <= 1.0


def test_the_page_needs_nothing_beside_itself(finished):
    out, _ = finished
    page = (out / "report.html").read_text()
    assert page.count("<audio") >= len(METHODS) * 6
    assert page.count("data:image/png") >= len(METHODS) * 6
    assert not re.search(r'(?:src|href|srcset)="(?!data:|#)', page)
    assert not re.search(r"@import|url\((?!#)", page)


def test_it_goes_on_where_it_was(finished, monkeypatch):
    """Less is explained this time, which takes long and is always done anew."""
    out, before = finished
    some = LOOKS[:2]
    monkeypatch.setattr(main_job, "METHODS", METHODS[:1])
    monkeypatch.setattr(localisation, "LOOKS", some)
    cells = {path: path.stat().st_mtime_ns for path in (out / "sweep" / "cells").iterdir()}
    size = DemoSize(utterances=2, sentences=0, hybrids=1, seconds=1.5)
    speech = out.parent / "speech"
    after = demonstrate(out, speech, size, lambda _: nullcontext(lambda *_: None))
    assert {path: path.stat().st_mtime_ns for path in cells} == cells
    assert after.areas.keys() == {CEILING, *(look.title for look in some)}
    for title in after.areas:
        assert np.array_equal(before.areas[title].clips, after.areas[title].clips)
