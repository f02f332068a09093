import math

import pytest
import torch

from perturbations.attacks.explanations import (
    AwayFromMap,
    KeptDecision,
    Shift,
    cells_inside,
    load_shift,
    moved_later,
)
from perturbations.attacks.explanations.similarity import cosine_similarity
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.explanations.models import energy

RATE = 1000
LENGTH = 400


def pulse():
    """A voice-like burst in the middle, with silence for all delays at both ends."""
    time = torch.arange(LENGTH) / RATE
    shape = torch.exp(-(((time - 0.2) / 0.03) ** 2))
    return (0.5 * shape * torch.sin(2 * math.pi * 60 * time))[None]


def at(cells, waveform, time_map):
    """Values on samples, fetched from where the map says the clean clip's samples went."""
    seconds = torch.arange(LENGTH).double().numpy() / RATE
    places = torch.from_numpy(time_map.forward(seconds)) * RATE
    return cells(waveform)[:, places.round().long().clamp(0, LENGTH - 1)]


def squares(waveform):
    return waveform.square()


def framed(waveform):
    """An explanation that knows only every tenth sample, and gives it to the ten around it."""
    return waveform[:, ::10].square().repeat_interleave(10, dim=1)


def run(shift, cells, cosine=-2.0, overlap=2.0, **kept):
    """With limits as they are here the margin is -2 minus the cosine."""
    waveform = pulse()
    return shift.run(
        energy,
        lambda moved, later: at(cells, moved, later),
        waveform,
        KeptDecision.of(energy(waveform), **kept),
        AwayFromMap(cells(waveform), cosine, overlap),
        RATE,
    )


def by_delay(found):
    return dict(zip((each * RATE for each in found.delays), found.margins, strict=True))


def test_an_explanation_that_moves_along_is_left_where_it_was():
    found = run(Shift(0.05, count=50), squares, cosine=0.4, overlap=0.3)
    whole = [margin for delay, margin in by_delay(found).items() if abs(delay) > 0.9]
    # Cosine 1 and all of the strongest cells in common.
    assert len(whole) == 100 and whole == pytest.approx([-0.6 - 0.7] * 100, abs=1e-5)
    assert not found.succeeded


def test_the_best_delay_is_that_of_brute_force():
    found = run(Shift(0.009, count=9), framed)
    margins = {
        round(delay): margin for delay, margin in by_delay(found).items() if abs(delay) > 0.9
    }
    waveform, clean = pulse(), framed(pulse())
    expected = {}
    for delay in range(-9, 10):
        moved = waveform.roll(delay, dims=1)  # silence goes round
        back = framed(moved).roll(-delay, dims=1)
        expected[delay] = -2 - float(cosine_similarity(clean, back))
    del expected[0]
    assert margins == pytest.approx(expected, abs=1e-4)
    best = max(expected, key=expected.get)
    assert found.delay * RATE == pytest.approx(best)
    assert expected[best] > max(-3, expected[1]) + 0.1
    assert torch.equal(found.waveform, moved_later(waveform, float(best)))


def test_a_delay_that_changes_the_decision_does_not_count():
    """Half of the clip's energy is cut off at its end, and the tolerance is less."""
    loud_end = pulse().roll(190, dims=1)
    kept = KeptDecision.of(energy(loud_end), tolerance=0.01)
    aim = AwayFromMap(squares(loud_end), cosine=2.0, overlap=2.0)
    found = Shift(0.05, count=5).run(
        energy, lambda moved, later: at(squares, moved, later), loud_end, kept, aim, RATE
    )
    lost = {round(delay) for delay, margin in by_delay(found).items() if margin <= -10}
    assert lost >= {50, 40, 30, 20} and found.delay < 0.01 and found.succeeded


def test_moved_by_whole_samples_and_by_parts_of_them():
    clip = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    assert moved_later(clip, 2.0).tolist() == [[0.0, 0.0, *clip[0, :2].tolist()]]
    assert moved_later(clip, -1.0).tolist() == [[*clip[0, 1:].tolist(), 0.0]]
    assert moved_later(clip, -1.0, "rolled").tolist() == clip.roll(-1, dims=1).tolist()
    assert torch.equal(moved_later(clip, 0.0), clip)
    time = torch.arange(LENGTH).double() / RATE
    for samples in (0.25, -0.5, 7.3):
        tone = 0.5 * torch.sin(2 * math.pi * 60 * time)[None]  # a whole number of periods
        later = 0.5 * torch.sin(2 * math.pi * 60 * (time - samples / RATE))[None]
        assert torch.allclose(moved_later(tone, samples, "rolled"), later, atol=1e-9)
    there_and_back = moved_later(moved_later(pulse(), 3.4), -3.4)
    assert torch.allclose(there_and_back, pulse(), atol=1e-4)


def test_delays_are_even_on_both_sides_with_parts_of_a_sample():
    delays = Shift(0.01, count=2).delays(1000)
    assert delays == (-2.5e-4, 2.5e-4, -5e-4, 5e-4, -0.005, 0.005, -0.01, 0.01)


def test_cells_that_leave_the_clip_are_left_out():
    edges = torch.tensor([0.0, 0.02, 0.04, 0.06])
    kept = {0.0: [1, 1, 1], 0.01: [1, 1, 0], -0.01: [0, 1, 1], 0.02: [1, 1, 0], -0.05: [0, 0, 0]}
    for delay, expected in kept.items():
        assert cells_inside(edges, delay, 0.06).int().tolist() == expected


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"longest_seconds": 0.0}, "0.0"),
        ({"count": 0}, "0 delays"),
        ({"ends": "open"}, "padded or rolled"),
        ({"ends": 3}, "ends"),
        ({"steps": 3}, "longest_seconds, count, ends"),
    ],
)
def test_wrong_settings_are_refused(settings, named):
    with pytest.raises(CorruptionError, match=named):
        load_shift(**settings)
    assert load_shift(longest_seconds=1) == Shift(1.0)


def test_a_delay_longer_than_the_clip_is_refused():
    with pytest.raises(CorruptionError, match=r"0\.4 s"):
        run(Shift(0.4), squares)
