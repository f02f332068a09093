import io
import re

import numpy as np
import pytest
import soundfile

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites import Condition, Suite
from tests.xaudio.clips import hybrid
from xaudio.audio import clip_from_samples
from xaudio.corrupting import corrupt_with
from xaudio.suite_folder import Sheet, heard, heard_here, write_suite

NOISE, DULL, STRETCH = (
    load_corruption(name) for name in ("white-noise", "low-pass", "time-stretch")
)
SUITE = Suite("two", "Two.", (Condition("hiss", NOISE, (1, 5)), Condition("dull", DULL, (2,))))
RATES = [4_000, 8_000, 16_000, 44_100, 96_000]


@pytest.mark.parametrize("rate", RATES)
def test_what_is_heard_is_the_clip_at_a_rate_that_players_know(rate):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    sound, played = soundfile.read(io.BytesIO(heard(tone, rate)))
    assert 8_000 <= played <= 48_000
    assert len(sound) / played == pytest.approx(1, abs=0.1)
    middle = sound[played // 4 : 3 * played // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert spectrum.argmax() * played / len(middle) == pytest.approx(440, abs=3)


def test_a_long_clip_is_heard_for_ten_seconds():
    noise = np.random.default_rng(0).uniform(-1, 1, 12 * 8_000).astype(np.float32)
    sound, rate = soundfile.read(io.BytesIO(heard(noise, 8_000)))
    assert len(sound) / rate == pytest.approx(10, abs=0.2)
    assert "10 s" in heard_here(12.0)
    assert "10 s" not in heard_here(9.0)


def test_the_shortest_clip_is_a_sound():
    assert len(heard(np.array([0.5, -0.5], np.float32), 16_000)) > 0


def test_progress_is_told_version_by_version(tmp_path):
    clip = clip_from_samples(0.5 * hybrid(0.5), 16_000, "voice")
    told = []
    pair = {"a": clip, "b": clip}
    written = write_suite(tmp_path / "out", pair, SUITE, progress=lambda *now: told.append(now))
    assert told == [(done, 6) for done in range(1, 7)]
    assert [version.file for version in written[:3]] == [
        "a-hiss-1.wav",
        "a-hiss-5.wav",
        "a-dull-2.wav",
    ]
    assert all(version.certificate for version in written)


def test_versions_are_drawn_on_one_scale_of_time():
    clip = clip_from_samples(0.5 * hybrid(0.5), 16_000, "voice")
    sheet = Sheet(clip, Suite("s", "Some.", (Condition("slow", STRETCH, (4, 5)),)))
    for severity in (4, 5):
        made = corrupt_with(clip, STRETCH, severity, condition="slow")
        sheet.add(made, made.certificate(clip), "x.wav")
    shares = [float(each) for each in re.findall(r'style="width: ([\d.]+)%', sheet.page())]
    assert shares == pytest.approx([70, 100, 70 / 1.5], abs=0.1)


def test_a_suite_without_the_severities_asked_for_is_refused(tmp_path):
    clip = clip_from_samples(0.5 * hybrid(0.5), 16_000, "voice")
    with pytest.raises(CorruptionError, match="severity 3 or 4; there are 1, 2, 5"):
        write_suite(tmp_path / "out", {"a": clip}, SUITE, severities=[3, 4])
    assert list(tmp_path.iterdir()) == []
