import json
import re

import pyarrow.parquet as pq
import pytest

from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.explanation import load_explanation
from tests.xaudio.long_recordings.recordings import RATE, detector, planted
from xaudio.long_recordings import excerpt, explained, scored
from xaudio.long_recordings.report import MOST_RUNS, recording_page, save, summary
from xaudio.long_recordings.window_scores import NO_VERDICT


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = planted(tmp_path_factory.mktemp("report") / "a<b>.wav", 40.0, 11.0, 19.0)
    scores = scored(path, detector())
    relevance = explained(path, detector(), load_explainer("input-x-gradient"))
    lowest = [excerpt(path, row["start"], row["end"], RATE) for row in scores.lowest(2)]
    return scores, relevance, lowest


def test_the_page_says_what_was_found_and_needs_nothing_beside_itself(found):
    scores, relevance, lowest = found
    page = recording_page(scores, relevance, lowest)
    for sentence in list(scores.sentences())[1:-1]:
        assert sentence in page
    assert NO_VERDICT in page
    assert page.count("<audio") == 2 and "<svg" in page
    assert "a&lt;b&gt;.wav" in page and "a<b>" not in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "Where the windows' scores went" in page.replace("&#x27;", "'")


def test_without_relevance_and_sounds_the_page_has_no_empty_sections(found):
    page = recording_page(found[0])
    assert "What weighs" not in page and "<audio" not in page


def test_all_files_are_written_and_read_back(tmp_path, found):
    scores, relevance, lowest = found
    files = save(tmp_path / "there", scores, relevance, lowest)
    assert set(files) == {"report", "windows", "runs", "summary", "relevance"}
    assert pq.read_table(files["windows"]) == scores.table
    assert load_explanation(files["relevance"]).equals(relevance.explanation)
    assert json.loads(files["summary"].read_text()) == json.loads(
        json.dumps(summary(scores, relevance))
    )
    lines = [line.split("\t") for line in files["runs"].read_text().splitlines()]
    runs = [(run.start, run.end, run.label) for run in scores.runs()]
    assert [(float(start), float(end), label) for start, end, label in lines] == runs


def test_nothing_is_left_where_nothing_can_be_written(tmp_path, found):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExplanationError, match="cannot be written"):
        save(tmp_path / "file" / "there", found[0])


def test_a_recording_that_changes_sides_all_the_time_has_a_page_of_bounded_length(found):
    scores = found[0]
    low, high = scores.at(-1e9), scores.at(1e9)
    assert len(low.runs()) == len(high.runs()) == 1
    assert recording_page(low).count("<tr>") < MOST_RUNS
