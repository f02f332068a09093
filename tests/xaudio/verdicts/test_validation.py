import numpy as np
import pyarrow as pa
import pytest

from tests.xaudio.sweeps.small import Noisy, Quieter, loudness, small_manifest
from tests.xaudio.verdicts.scored import calibration
from xaudio.errors import MetricError
from xaudio.metrics import cllr
from xaudio.sweeps.conditions import Condition
from xaudio.verdicts.calibrate import calibrate
from xaudio.verdicts.validation import measured_under, outcomes, validate


def rows_of(made, speakers=60, per_speaker=4, **conditions):
    """Score rows as a sweep has them; each condition moves or scatters the clean scores."""
    random = np.random.default_rng(0)
    clips = speakers * per_speaker
    human = np.arange(clips) % 2 == 0
    clean = random.normal(0, 1, clips) + np.where(human, 2.0, -2.0)
    parts = []
    for name, moved in {"clean": lambda scores: scores, **conditions}.items():
        parts.append(
            {
                "digest": [f"{number:064x}" for number in range(clips)],
                "label": ["bonafide" if one else "spoof" for one in human],
                "speaker": [str(number // per_speaker) for number in range(clips)],
                "corruption": [name] * clips,
                "severity": pa.array([0 if name == "clean" else 3] * clips, pa.int32()),
                "score": moved(clean.copy()),
            }
        )
    return pa.concat_tables([pa.table(part) for part in parts])


@pytest.fixture(scope="module")
def made():
    return calibration(speakers=60)


def test_what_leaves_the_scores_alone_holds_and_what_moves_them_does_not(made):
    rows = rows_of(
        made,
        harmless=lambda scores: scores + 0.01,
        muffled=lambda scores: scores - 1.5,
        bright=lambda scores: scores + 1.5,
    )
    found = {outcome.name: outcome for outcome in outcomes(made, rows)}
    assert {name for name, one in found.items() if one.holds} == {"harmless"}
    assert found["muffled"].more_rejected.value > 0.15 > found["muffled"].more_accepted.value
    assert found["bright"].more_accepted.value > 0.15 > found["bright"].more_rejected.value
    assert found["harmless"].severity == 3


def test_the_figures_are_those_of_the_rows(made):
    rows = rows_of(made, muffled=lambda scores: scores - 1.0)
    (found,) = outcomes(made, rows)
    moved = rows.filter(pa.compute.equal(rows["corruption"], "muffled"))
    human = np.array(moved["label"]) == "bonafide"
    llrs = made.map.llrs(moved["score"].to_numpy())
    assert found.false_rejection == pytest.approx(np.mean(llrs[human] < made.threshold))
    assert found.false_acceptance == pytest.approx(np.mean(llrs[~human] >= made.threshold))
    assert found.cllr == pytest.approx(cllr(llrs[human], llrs[~human]))


def test_few_clips_prove_nothing(made):
    """One human clip of twenty falls: within the tolerance, but it might be far more."""

    def one_falls(scores):
        scores[0] = -9.0
        return scores

    (few,) = outcomes(made, rows_of(made, speakers=10, rough=one_falls), tolerance=0.06)
    assert few.more_rejected.value == pytest.approx(0.05)
    assert few.more_rejected.high > 0.06
    assert not few.holds
    (many,) = outcomes(made, rows_of(made, speakers=200, rough=one_falls), tolerance=0.06)
    assert many.holds


def test_failed_clips_are_left_out_on_both_sides(made):
    rows = rows_of(made, harmless=lambda scores: np.where(np.arange(240) < 8, np.nan, scores))
    scores = rows["score"].to_numpy()
    with_nulls = rows.set_column(
        rows.schema.get_field_index("score"), "score", pa.array(scores, from_pandas=True)
    )
    (found,) = outcomes(made, with_nulls)
    assert found.more_rejected.value == found.more_accepted.value == 0


def test_a_condition_that_lacks_a_class_says_nothing(made):
    human = np.arange(240) % 2 == 0
    rows = rows_of(
        made,
        harmless=lambda scores: scores,
        one_class=lambda scores: np.where(human, scores, np.inf),
        nothing=lambda scores: scores * np.nan,
    )
    assert [one.name for one in outcomes(made, rows)] == ["harmless"]


def test_what_flips_no_decision_holds_only_with_enough_clips(made):
    """Three of a hundred clips might still be rejected, and none of thirty shows it."""
    for speakers, holds in ((15, False), (60, True)):
        (found,) = outcomes(made, rows_of(made, speakers=speakers, harmless=lambda scores: scores))
        assert found.more_rejected.value == 0
        assert found.holds == holds


def test_without_clean_scores_there_is_nothing_to_compare(made):
    rows = rows_of(made, harmless=lambda scores: scores)
    with pytest.raises(MetricError, match="clean clips"):
        outcomes(made, rows.filter(pa.compute.equal(rows["corruption"], "harmless")))


def test_a_condition_that_holds_is_added_with_what_its_clips_measure(tmp_path):
    manifest = small_manifest(tmp_path / "audio", clips=20)
    known = calibrate(manifest, loudness())
    found = outcomes(
        known,
        rows_of(
            known,
            quieter=lambda scores: scores,
            noisy=lambda scores: scores,
            muffled=lambda scores: scores - 99,
        ),
    )
    assert {one.name for one in found if one.holds} == {"noisy", "quieter"}
    # The corruption of one that holds is not at hand: it cannot be measured and is not added.
    at_hand = [Condition(name, Quieter(), 3) for name in ("quieter", "muffled")]
    wider = validate(known, found, at_hand, manifest)
    assert [one.title for one in wider.validated] == ["clean", "quieter, severity 3"]
    clean, quieter = (one.ranges["dc_offset"] for one in wider.validated)
    assert quieter.high == pytest.approx(clean.high / 2, rel=0.1)
    assert wider.validated[1].sample_rates == (8000,)
    assert wider.map == known.map


def test_clips_are_corrupted_with_their_own_key(tmp_path):
    manifest = small_manifest(tmp_path / "audio", clips=4)
    one, again = (measured_under(Noisy(), 3, list(manifest), 8000) for _ in range(2))
    assert one == again
    assert len(one) == 4
    broken = [*manifest, manifest[0].__class__("gone", tmp_path / "gone.wav", "spoof")]
    assert len(measured_under(Noisy(), 3, broken, 8000)) == 4
