import base64
import io
import re

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from tests.xaudio.reports.reading import read
from tests.xaudio.reports.sweep_rows import conditions, failures, findings, flips
from xaudio.audio import wav_bytes
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.reports.sweep_report import findings_report, interval_text, sweep_report

NASTY = "</style><script>alert('$x$')</script>&amp; \"_q\""
SECTIONS = [
    "What breaks which model",
    "Models under every corruption",
    "Errors over severity",
    "Does the deployed threshold still fit?",
    "Are the probabilities still true?",
    "Which differences are beyond chance?",
    "Attack by attack",
    "Does the explanation survive?",
    "Errors against measured quality",
    "Every condition",
    "Failed",
    "What this was made from",
]


def headings(page):
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_sections_stand_in_the_order_in_which_a_reader_asks():
    page = findings_report(findings(conditions(("lcnn", "aasist")), failures=failures(3)))
    assert headings(page) == SECTIONS


def test_what_was_not_measured_has_no_section():
    page = sweep_report(pa.Table.from_pylist(conditions()), failures(0))
    assert headings(page) == [SECTIONS[n] for n in (0, 1, 2, 4, 9)]
    assert page.count("<svg") == 4  # errors, both kinds, EER, Cllr


def test_a_whole_page_is_well_formed_and_needs_nothing_beside_itself():
    rows = conditions(models=(NASTY, "aasist"), corruptions=(NASTY, "mp3"))
    odd = flips(model=NASTY, clip=NASTY, attack=NASTY, codec=NASTY)
    page = findings_report(
        findings(rows, flips=[odd], failures=failures(250, clip=NASTY), facts={NASTY: NASTY}),
        title=NASTY,
    )
    seen = read(page)
    assert not re.search(r"<script|@import|url\(\s*['\"]?(?!#)", page)
    outside = [each for each in seen.addresses if not each.startswith(("#", "data:"))]
    assert outside == []
    inside = [each[1:] for each in seen.addresses if each.startswith("#") and each != "#"]
    assert set(inside) <= set(seen.ids), "a link leads nowhere"
    assert len(seen.ids) == len(set(seen.ids)), "two things have one name"
    assert NASTY in "".join(seen.text)


def test_numbers_of_the_page_are_those_of_the_tables():
    rows = conditions(models=("lcnn", "aasist"))
    seen = read(findings_report(findings(rows)))
    (found,) = [row for row in seen.rows if row[:4] == ["aasist", "echo", "5", "bitrate_kbps 59"]]
    assert found[4:9] == ["60", "31.0 % [30.0, 34.0]", "55.0 %", "5.0 %", "32.0 % [31.0, 34.0]"]
    assert sum(row[0] in ("lcnn", "aasist") and len(row) == len(found) for row in seen.rows) == len(
        rows
    )
    (drift,) = [row for row in seen.rows if row[:3] == ["lcnn", "mp3", "5"] and row[3] == "+0.300"]
    assert drift[4:] == ["+1.300", "+1.200 to +1.400", "30.0 %", "30.0 %"]
    (apart,) = [row for row in seen.rows if row[:4] == ["lcnn", "aasist", "mp3", "5"]]
    assert apart[4:] == ["-1.0", "-3.0 to +1.0", "1"]


def test_tells_whether_relevance_leaves_before_the_score():
    page = findings_report(findings(conditions()))
    assert "In 2 of 6 conditions relevance had left" in page
    assert "in 0 it was the other way round, and in 4 the" in page
    (row,) = [row for row in read(page).rows if row[:4] == ["lcnn", "lrp", "echo", "5"]]
    assert row[5:] == ["40.0 % [30.0, 50.0]", "80.0 % [70.0, 90.0]", "-40.0 % [-50.0, -30.0]"]


def test_below_the_heading_stands_what_was_swept_over_what():
    found = SweepFindings(
        pa.Table.from_pylist(conditions()), failures(0), about="lcnn under 2 corruptions."
    )
    page = findings_report(found)
    assert page.index("</h1>") < page.index("lcnn under 2 corruptions.") < page.index("<h2>")


def test_a_model_alone_is_not_measured_against_itself():
    assert "mCE" in findings_report(findings(conditions(("lcnn", "aasist"))))
    assert "mCE" not in findings_report(findings(conditions()))


def test_sound_in_the_page_is_the_sound_that_was_given():
    rng = np.random.default_rng(0)
    clean, corrupted = (rng.uniform(-0.5, 0.5, 800).astype("float32") for _ in range(2))
    heard = flips(clean=wav_bytes(clean, 8000), corrupted=wav_bytes(corrupted, 8000))
    page = findings_report(findings(conditions(), flips=[heard, flips(clip="silent")]))
    sounds = [
        soundfile.read(io.BytesIO(base64.b64decode(text)))
        for text in re.findall(r'src="data:audio/wav;base64,([^"]+)"', page)
    ]
    assert [rate for _, rate in sounds] == [8000, 8000]
    for given, (samples, _) in zip((clean, corrupted), sounds, strict=True):
        assert samples == pytest.approx(given, abs=1 / 32767)
    assert "1 of them can be heard" in page


def test_failures_are_counted_and_bounded():
    page = sweep_report(pa.Table.from_pylist(conditions()), failures(250))
    assert "250 scores of 250 clips are missing" in page
    assert "50 more are in the sweep" in page


def test_clean_alone_has_no_curves():
    page = sweep_report(pa.Table.from_pylist(conditions(corruptions=())), failures(0))
    assert "<svg" not in page
    assert "5.0\xa0%\xa0[4.0,\xa08.0] over 60 clean clips" in page


def test_nothing_scored_yet_is_a_page_too():
    rows = pa.Table.from_pylist(conditions()).slice(0, 0)
    assert "Nothing has been scored yet" in findings_report(SweepFindings(rows, failures(0)))


def test_what_is_not_known_is_a_dash():
    unknown = {name: None for name, value in conditions()[0].items() if isinstance(value, float)}
    schema = pa.Table.from_pylist(conditions()).schema
    rows = pa.Table.from_pylist([row | unknown for row in conditions()], schema=schema)
    page = sweep_report(rows, failures(0))
    read(page)
    assert not re.search(r"\b(None|nan)\b", page)
    assert interval_text(unknown) == "–"


def test_a_classifier_that_is_no_detector_makes_wrong_decisions_and_has_no_threshold():
    detector = ("eer_refitted", "eer_low", "eer_high", "clean_threshold", "false_rejection",
                "false_acceptance", "cllr", "min_cllr")  # fmt: skip
    rows = [{**row, **dict.fromkeys(detector)} for row in conditions()]
    page = sweep_report(pa.Table.from_pylist(rows), failures(0))
    assert "wrong decisions rise from" in page
    assert page.count("<svg") == 1
    assert "threshold fixed" not in re.sub(r"<table.*?</table>", "", page, flags=re.DOTALL)


@pytest.mark.slow
def test_many_models_and_conditions_stay_one_page():
    rows = conditions(
        models=tuple(f"model {n}" for n in range(10)),
        corruptions=tuple(f"corruption {n}" for n in range(40)),
        severities=(1, 2, 3, 4, 5),
    )
    page = sweep_report(pa.Table.from_pylist(rows), failures(0))
    read(page)
    assert len(page) < 8e6
