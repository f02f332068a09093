import pyarrow as pa
import pytest

from xaudio.errors import MetricError
from xaudio.metrics.eer import eer
from xaudio.metrics.score_tables import asv_scores, detector_scores, with_labels

SCORES = pa.table({"clip": ["c", "a", "b"], "score": [3.0, 1.0, -2.0]})
KEY = pa.table({"clip": ["a", "b", "c"], "label": ["bonafide", "spoof", "bonafide"]})


def test_labels_join_in_the_order_of_the_scores():
    table = with_labels(SCORES, KEY)
    assert table["clip"].to_pylist() == ["c", "a", "b"]
    assert table["label"].to_pylist() == ["bonafide", "bonafide", "spoof"]
    scores = detector_scores(table)
    assert (scores.bonafide.tolist(), scores.spoof.tolist()) == ([3.0, 1.0], [-2.0])
    assert eer(*scores) == 0.0


def test_the_same_order_gives_the_same_as_any_other():
    key = KEY.take([2, 0, 1])
    assert with_labels(SCORES, key).equals(with_labels(SCORES, KEY))


def test_the_key_has_the_last_word():
    wrong = SCORES.append_column("label", [["spoof", "spoof", "spoof"]])
    assert with_labels(wrong, KEY).equals(with_labels(SCORES, KEY))


def test_one_clip_may_be_tried_against_many_speakers():
    scores = pa.table(
        {"speaker": ["x", "y"], "clip": ["a", "a"], "asv_score": [1.0, 2.0], "score": [5.0, 5.0]}
    )
    key = pa.table(
        {"clip": ["a", "a"], "speaker": ["y", "x"], "asv_label": ["target", "nontarget"]}
    )
    table = with_labels(scores, key)
    assert table["asv_label"].to_pylist() == ["nontarget", "target"]
    with pytest.raises(MetricError, match="No row has the asv_label spoof"):
        asv_scores(table)


def test_a_verifiers_scores():
    table = pa.table({"asv_label": ["spoof", "target", "nontarget"], "sasv_score": [1.0, 2.0, 3.0]})
    assert [part.tolist() for part in asv_scores(table, "sasv_score")] == [[2.0], [3.0], [1.0]]
    with pytest.raises(MetricError, match="no column asv_score"):
        asv_scores(table)


@pytest.mark.parametrize(
    ("clips", "part"),
    [
        (["a", "b", "z"], "1 of 3 scored clips are not in the key, the first is z"),
        (["a", "b", "b"], "more than once.*the first is b"),
        (["a", "b"], "without a score.*the first is c"),
    ],
)
def test_scores_and_key_must_name_the_same_clips(clips, part):
    scores = pa.table({"clip": clips, "score": [0.0] * len(clips)})
    with pytest.raises(MetricError, match=part):
        with_labels(scores, KEY)


def test_a_key_that_names_a_clip_twice_is_refused():
    key = pa.table({"clip": ["a", "b", "c", "a"], "label": ["bonafide"] * 4})
    with pytest.raises(MetricError, match="named twice"):
        with_labels(SCORES, key)
