from dataclasses import replace

import pyarrow as pa
import pytest

from tests.xaudio.reports.sweep_rows import conditions, failures, findings
from xaudio.reports.sureness import bands, sureness
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.reports.sweep_report import findings_report


def resting_on(clusters, drawn="speakers"):
    rows = [row | {"clusters": clusters} for row in conditions()]
    return SweepFindings(pa.Table.from_pylist(rows), failures(0), drawn=drawn)


@pytest.mark.parametrize(
    ("clusters", "drawn", "part"),
    [
        (1, "speakers", "not about other speakers"),
        (4, "speakers", "They rest on 4 speakers of a class"),
        (60, "clips", "No speaker is named"),
    ],
)
def test_what_intervals_cannot_tell_is_said(clusters, drawn, part):
    found = resting_on(clusters, drawn)
    assert part in sureness(found)
    assert part in findings_report(found)


def test_with_speakers_enough_there_is_no_doubt():
    assert sureness(resting_on(10)).endswith("speakers resampled.")


def test_no_page_says_that_speakers_were_drawn_where_none_is_named():
    found = replace(findings(conditions()), drawn="clips")
    assert "speakers resampled" not in findings_report(found)
    assert "speakers are resampled" not in findings_report(found)
    assert bands(found).endswith("clips resampled.")
