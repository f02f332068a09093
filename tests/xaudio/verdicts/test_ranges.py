from dataclasses import replace

import numpy as np
import pytest

from tests.xaudio.verdicts.scored import ordinary
from xaudio.verdicts.ranges import (
    Departure,
    Range,
    departures,
    measured_ranges,
    measured_rates,
    range_text,
)


@pytest.fixture
def clips():
    random = np.random.default_rng(0)
    return [ordinary(random) for _ in range(150)]


def test_few_clips_have_the_range_of_all_of_them(clips):
    found = measured_ranges(clips)
    snr = [clip.snr_db for clip in clips]
    assert (found["snr_db"].low, found["snr_db"].high) == (min(snr), max(snr))
    assert all(not departures(clip, (16000,), found) for clip in clips)


def test_of_many_the_outermost_half_per_cent_is_left_out():
    random = np.random.default_rng(1)
    clips = [replace(ordinary(random), snr_db=float(number)) for number in range(1001)]
    found = measured_ranges(clips)["snr_db"]
    assert (found.low, found.high) == (5.0, 995.0)


def test_margins_are_of_the_quantity(clips):
    found = measured_ranges(clips)
    assert found["snr_db"].margin_below == found["snr_db"].margin_above == 2.0
    assert found["seconds"].margin_above == pytest.approx(0.1 * found["seconds"].high)
    assert found["loudness_lufs"].holds(found["loudness_lufs"].low - 1.9)
    assert not found["loudness_lufs"].holds(found["loudness_lufs"].low - 2.1)


@pytest.mark.parametrize(
    ("change", "quantity", "sentence"),
    [
        ({"seconds": 0.3}, "seconds", "duration 0.30 s (validated: 2.7"),
        ({"highest_hz": 3400.0}, "highest_hz", "highest frequency with signal 3400 Hz"),
        ({"snr_db": 2.0}, "snr_db", "estimated signal-to-noise ratio 2.0 dB"),
        ({"clipped_share": 0.1}, "clipped_share", "clipped share 10.00 % (validated: 0.00 % to"),
        ({"sample_rate": 8000}, "sample_rate", "sample rate 8000 Hz (validated: 16000 Hz)"),
        ({"loudness_lufs": None}, "loudness_lufs", "loudness not measurable"),
    ],
)
def test_a_departure_is_named_with_value_and_range(clips, change, quantity, sentence):
    odd = replace(clips[0], **change)
    found = departures(odd, measured_rates(clips), measured_ranges(clips))
    assert [one.quantity for one in found] == [quantity]
    assert found[0].sentence.startswith(sentence)


def test_what_no_clip_has_is_asked_of_none(clips):
    without = [replace(clip, loudness_lufs=None) for clip in clips]
    found = measured_ranges(without)
    assert "loudness_lufs" not in found
    assert not departures(clips[0], (16000,), found)


def test_a_range_that_cannot_be_negative_is_not_written_so():
    assert range_text("silent_share", Range(0.0, 0.0, 0.02, 0.02)) == "0.0 % to 2.0 %"
    assert range_text("lowest_hz", Range(5.0, 60.0, 20.0, 20.0)) == "0 Hz to 80 Hz"
    assert range_text("loudness_lufs", Range(-30.0, -20.0, 2.0, 2.0)) == "-32.0 LUFS to -18.0 LUFS"


def test_all_rates_that_occur_are_validated(clips):
    mixed = [*clips, replace(clips[0], sample_rate=44100)]
    assert measured_rates(mixed) == (16000, 44100)
    sentence = Departure("sample_rate", 8000.0, "16000 or 44100 Hz").sentence
    found = departures(replace(clips[0], sample_rate=8000), measured_rates(mixed), {})
    assert found[0].sentence == sentence
