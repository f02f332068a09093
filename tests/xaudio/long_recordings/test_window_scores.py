import numpy as np
import pyarrow as pa
import pytest

from xaudio.long_recordings.window_scores import NO_VERDICT, SCHEMA, WindowScores


def windows(scores, remarks=None, seconds=None, threshold=0.0):
    """Windows of 4 s every 2 s; the last may end earlier."""
    seconds = seconds or 2.0 * len(scores) + 2
    starts = [min(2.0 * n, seconds - 4) for n in range(len(scores))]
    rows = [
        {
            "start": start,
            "end": start + 4,
            "score": score,
            "label": None if score is None else "bonafide" if score >= threshold else "spoof",
            "level_db": -20.0,
            "remark": remark,
        }
        for start, score, remark in zip(
            starts, scores, remarks or [None] * len(scores), strict=True
        )
    ]
    return WindowScores(
        name="long.wav",
        digest="0" * 64,
        seconds=seconds,
        decode_chain=("soundfile: WAV",),
        model="lcnn",
        labels=("spoof", "bonafide"),
        threshold=threshold,
        window=4.0,
        hop=2.0,
        table=pa.Table.from_pylist(rows, SCHEMA),
    )


FOUND = windows([1.0, 2.0, -1.0, -3.0, -2.0, 0.5, -9.0], [None] * 6 + ["steady"])


def test_runs_are_one_after_the_other_and_cover_the_recording():
    runs = FOUND.runs()
    assert [(run.start, run.end, run.label) for run in runs] == [
        (0.0, 5.0, "bonafide"),
        (5.0, 11.0, "spoof"),
        (11.0, 13.0, "bonafide"),
        (13.0, 16.0, "spoof"),
    ]
    assert [(run.windows, run.speech, run.lowest, run.highest) for run in runs] == [
        (2, 2, 1.0, 2.0),
        (3, 3, -3.0, -1.0),
        (1, 1, 0.5, 0.5),
        (1, 0, -9.0, -9.0),
    ]


def test_stretches_are_the_runs_of_one_label():
    found = [(stretch.start, stretch.end, stretch.name) for stretch in FOUND.stretches("spoof")]
    assert found == [(5.0, 11.0, "spoof"), (13.0, 16.0, "spoof")]


def test_a_last_window_that_was_drawn_back_stands_for_less():
    edges = windows([1.0, 1.0, 1.0, 1.0], seconds=8.5).edges
    assert edges.tolist() == [0.0, 3.0, 5.0, 6.25, 8.5]


def test_counts_with_and_without_what_is_no_speech():
    assert FOUND.counts == {"spoof": 4, "bonafide": 3}
    assert FOUND.counts_in_speech == {"spoof": 3, "bonafide": 3}
    assert FOUND.remarks == {"steady": 1}


def test_the_lowest_are_taken_from_what_may_be_speech():
    assert [row["score"] for row in FOUND.lowest(2)] == [-3.0, -2.0]
    only_noise = windows([1.0, -2.0, None], ["steady", "quiet", "silence"])
    assert [row["score"] for row in only_noise.lowest(5)] == [-2.0, 1.0]


def test_another_threshold_gives_other_labels_and_the_same_scores():
    strict = FOUND.at(1.5)
    assert strict.counts == {"spoof": 6, "bonafide": 1}
    assert strict.threshold == 1.5 and strict.table["score"] == FOUND.table["score"]
    assert windows([None, 1.0]).at(0.0).table["label"].to_pylist() == [None, "bonafide"]
    assert FOUND.at(1.0).table["label"][0].as_py() == "bonafide"  # at and above


def test_the_curve_has_the_score_of_the_window_nearest():
    curve = FOUND.curve()
    assert (curve.start, curve.step) == (0.0, 1.0)
    each = [1.0, 1.0, 1.0, 2.0, 2.0, -1.0, -1.0, -3.0, -3.0, -2.0, -2.0, 0.5, 0.5, -9.0, -9.0, -9.0]
    assert curve.values.tolist() == each
    gap = windows([1.0, None, 1.0]).curve().values
    assert np.isnan(gap).tolist() == [False, False, False, True, True, False, False, False]


def test_sentences_say_share_lowest_and_what_it_is_not():
    said = list(FOUND.sentences())
    assert said[0] == "long.wav, 0:16: 7 windows of 4 s, one every 2 s."
    assert said[1] == (
        "Of 6 that may hold speech: 3 spoof (50.0%), 3 bonafide (50.0%) at the threshold 0.00."
    )
    assert said[2] == "Lowest score: -3.00 (spoof), 0:06 to 0:10."
    assert said[3] == "Marked, because they do not sound like speech: 1 steady."
    assert said[-1] == NO_VERDICT


def test_a_recording_without_speech_says_so():
    said = " ".join(windows([1.0, -2.0], ["steady", "steady"]).sentences())
    assert "No window sounds like speech" in said and "Lowest" not in said


@pytest.mark.parametrize("count", [1, 2])
def test_few_windows(count):
    few = windows([1.0] * count)
    (run,) = few.runs()
    assert (run.start, run.end, run.windows) == (0.0, few.seconds, count)
