from tests.xaudio.reports.sweep_rows import conditions, pairs
from xaudio.reports.paired_models import from_clean
from xaudio.reports.sweep_summary import summary_part, summary_sentences


def said(rows, differences=None):
    (sentences,) = summary_sentences(rows, differences).values()
    return " ".join(sentences).replace("\N{NO-BREAK SPACE}", " ")


def test_tells_the_worst_condition_how_sure_it_is_and_what_refitting_hides():
    rows = conditions()
    rows[-1] |= {"error": 0.5, "error_low": 0.45, "error_high": 0.55, "eer_refitted": 0.12}
    text = said(rows, from_clean(pairs(rows)))
    assert text.startswith(
        "errors at the deployed threshold rise from 5.0 % [4.0, 8.0] on clean clips to "
        "50.0 % [45.0, 55.0] under echo at severity 5 (bit rate 59 kbit/s), the worst of all "
        "conditions (55.0 % false rejections, 5.0 % false acceptances). On the same clips this is "
        "+45.0 points [+43.0, +47.0], p = 0.003 after Holm's correction. An EER re-fitted there "
        "hides part of it: 12.0 % [29.0, 32.0]."
    )
    assert "Worse than clean beyond chance, after Holm's correction: mp3 from severity 3, " in text


def test_says_so_where_another_threshold_would_not_help():
    assert "Another threshold would not help: the EER re-fitted there is 30.0 %" in said(
        conditions()
    )


def test_without_tests_intervals_must_be_apart():
    rows = conditions()
    rows[1] |= {"error_low": 0.07}
    text = said(rows)
    assert "with intervals apart: mp3 from severity 3, echo from severity 1." in text


def test_a_condition_nobody_tested_is_not_called_harmless():
    rows = conditions()
    tested = {place: row for place, row in from_clean(pairs(rows)).items() if place[1] != "echo"}
    assert "Not tested: echo." in said(rows, tested)


def test_what_makes_fewer_errors_is_not_worse_however_sure():
    rows = conditions()
    better = {
        place: row | {"difference": -abs(row["difference"]), "significant": True}
        for place, row in from_clean(pairs(rows)).items()
    }
    assert "No corruption is worse than clean beyond chance" in said(rows, better)


def test_no_corruption_that_harms_is_told_as_such():
    rows = [row | {"error": 0.05, "error_low": 0.04, "error_high": 0.06} for row in conditions()]
    text = said(rows)
    assert "no condition is worse" in text
    assert "No corruption is worse than clean with intervals apart." in text


def test_failures_and_nothing_at_all_are_told():
    rows = conditions()
    rows[0]["failed"] = 1234
    assert "1,234 scores are missing" in said(rows)
    nothing = {"error": None, "eer_refitted": None}
    assert said([row | nothing for row in rows]).startswith("no condition could be evaluated.")
    assert "Nothing has been scored yet" in summary_part({})
