"""The comparison as a whole: what is compared, what is left out, what chance says."""

import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from perturbations.time_map import TimeMap
from xaudio.errors import MetricError
from xaudio.sweeps.explanation_drift.chance import phase_randomised, shuffled, with_random_phases
from xaudio.sweeps.explanation_drift.comparing import compare
from xaudio.sweeps.explanation_drift.maps import RelevanceMaps, relevance_maps

RATE = 8000
SECONDS = 2.0


def grid(relevance: np.ndarray, seconds: float = SECONDS) -> Explanation:
    """An explanation on bands of 500 Hz by cells of 20 ms."""
    bands, cells = relevance.shape
    return Explanation(
        relevance=relevance,
        domain="stft",
        sample_rate=RATE,
        seconds=seconds,
        target="spoof - bonafide",
        score=1.0,
        method="made",
        signed=True,
        time_edges=np.linspace(0, seconds, cells + 1),
        frequency_edges=np.linspace(0, RATE / 2, bands + 1),
    )


def random_grid(seed: int = 0, cells: int = 100) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(8, cells))


def maps(relevance: np.ndarray, time_map: TimeMap | None = None, seconds: float = SECONDS):
    return relevance_maps(grid(relevance, seconds), SECONDS, time_map or TimeMap.identity())


def test_an_explanation_beside_itself_has_exactly_no_drift():
    found = compare(maps(random_grid()), maps(random_grid()), SECONDS, ((0.5, 1.0),))
    assert found.spearman == found.cosine == found.top_overlap == 1
    assert found.tile_spearman == found.tile_cosine == found.tile_top_overlap == 1
    assert found.earth_mover_seconds == found.evidence_mover_seconds == found.peak_seconds == 0
    assert found.inside_change == found.outside == 0
    assert found.compared == 1
    assert found.inside_chance == pytest.approx(0.25)


def test_what_is_stretched_alike_has_no_drift_once_it_is_carried_back():
    # The same 100 cells, each twice as long.
    slow = maps(random_grid(), TimeMap.speed(0.5), 2 * SECONDS)
    found = compare(maps(random_grid()), slow, SECONDS, ((0.5, 1.0),))
    assert found.spearman > 0.9999
    assert found.tile_cosine == pytest.approx(1)
    assert found.earth_mover_seconds == pytest.approx(0, abs=1e-9)
    assert found.inside_change == pytest.approx(0, abs=1e-9)


def test_only_what_the_corrupted_clip_still_holds_is_compared():
    whole = random_grid()
    cut = maps(whole[:, 50:], TimeMap.later(-1.0), 1.0)
    found = compare(maps(whole), cut, SECONDS, ((1.5, 2.0),))
    assert found.compared == 0.5
    assert found.spearman == pytest.approx(1)
    assert found.inside_change == pytest.approx(0, abs=1e-9)
    assert found.inside_chance == pytest.approx(0.5)


def test_relevance_of_added_silence_is_outside_and_counts_against_the_segments():
    whole = np.abs(random_grid())
    later = np.concatenate([np.ones((8, 50)) * whole.sum() / 400, whole], axis=1)
    found = compare(maps(whole), maps(later, TimeMap.later(1.0), 3.0), SECONDS, ((0.5, 1.0),))
    assert found.outside == pytest.approx(0.5)
    assert found.inside == pytest.approx(found.inside_clean / 2)
    assert found.spearman == pytest.approx(1)


def test_a_map_turned_into_its_negative_is_as_far_as_signs_get_and_looks_at_the_same_place():
    found = compare(maps(random_grid()), maps(-random_grid()), SECONDS, ((0.5, 1.0),))
    assert (found.spearman, found.cosine) == pytest.approx((-1, -1))
    assert found.top_overlap == 1
    assert found.earth_mover_seconds == found.peak_seconds == 0
    assert found.evidence_mover_seconds > 0


def test_without_segments_or_frequencies_their_measures_are_unknown():
    samples = Explanation(
        relevance=np.random.default_rng(0).normal(size=16000),
        domain="waveform",
        sample_rate=RATE,
        seconds=SECONDS,
        target="spoof",
        score=1.0,
        method="made",
        signed=True,
    )
    found_maps = relevance_maps(samples, SECONDS)
    found = compare(found_maps, found_maps, SECONDS)
    assert found.tile_cosine is found.inside is found.inside_change is None
    assert found.spearman == 1


def test_an_original_that_is_gone_is_refused():
    gone = maps(random_grid(cells=50), TimeMap.later(-10.0), 1.0)
    with pytest.raises(MetricError, match="holds 0 cells"):
        compare(maps(random_grid()), gone, SECONDS)


def test_explanations_of_the_whole_voice_are_refused():
    voice = grid(random_grid()).with_provenance(curves={})
    with pytest.raises(ExplanationError, match="no place"):
        relevance_maps(voice, SECONDS)


@pytest.mark.parametrize("made", [shuffled, phase_randomised])
def test_chance_keeps_the_total_knows_nothing_and_hangs_on_the_clip_alone(made):
    clean = maps(random_grid())
    found = [made(clean, f"clip {number}") for number in range(100)]
    for one in found:
        np.testing.assert_allclose(one.over_time.total, clean.over_time.total)
    measured = [compare(clean, one, SECONDS) for one in found]
    for name in ("spearman", "cosine", "tile_spearman", "tile_cosine"):
        assert np.mean([getattr(one, name) for one in measured]) == pytest.approx(0, abs=0.03)
    assert np.mean([one.top_overlap for one in measured]) == pytest.approx(0.1, abs=0.03)
    again = made(clean, "clip 7").over_time.relevance
    np.testing.assert_array_equal(again, found[7].over_time.relevance)
    assert not np.array_equal(again, found[8].over_time.relevance)


def test_chance_leaves_cells_that_are_gone_empty():
    cut = maps(random_grid(cells=50), TimeMap.later(-1.0), 1.0)
    for made in (shuffled, phase_randomised):
        found: RelevanceMaps = made(cut, "clip")
        assert not found.over_time.relevance[:50].any()
        assert found.over_time.relevance[50:].all()


@pytest.mark.parametrize("cells", [100, 101])
def test_random_phases_keep_the_power_of_every_component(cells):
    relevance = np.random.default_rng(0).normal(size=(3, cells)) + 1
    turned = with_random_phases(relevance, np.random.default_rng(1))
    np.testing.assert_allclose(
        np.abs(np.fft.rfft(turned, axis=1)), np.abs(np.fft.rfft(relevance, axis=1)), atol=1e-9
    )
    assert np.abs(turned - relevance).max() > 0.5
