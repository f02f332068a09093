from dataclasses import replace

from xaudio.reports.elements import WeighedStretch
from xaudio.reports.explanation_report import ExplanationReport, Picture, explanation_page

REPORT = ExplanationReport(
    title="<voice>.ogg",
    verdict="spoof",
    verdict_detail="score -1.50, below the threshold 0.00",
    picture=Picture(b"light", b"dark", "a picture"),
    sounds={"The clip": b"clip", "Its relevant part": b"part"},
    strongest=[WeighedStretch(1.0, 1.5, -3.0, 0.75), WeighedStretch(0.0, 0.5, 1.0, 0.25)],
    signed=True,
    target="spoof - bonafide",
    method="occlusion: what is missed when a part is removed.",
    logits={"spoof": 0.75, "bonafide": -0.75},
    provenance={"Model": "lcnn"},
    command="xaudio explain '<voice>.ogg'",
    python="import xaudio",
)


def test_the_page_says_all_it_was_given():
    page = explanation_page(REPORT)
    for text in ("spoof", "below the threshold", "The clip", "Its relevant part", "lcnn"):
        assert text in page
    assert "xaudio explain &#x27;&lt;voice&gt;.ogg&#x27;" in page
    assert page.count("<audio") == 2
    assert page.count("data:image/png") == 2


def test_stretches_come_with_sign_and_share():
    page = explanation_page(REPORT)
    row = page.index("-3")
    assert page.index("1.00") < row < page.index("75.0%") < page.index("25.0%")
    assert "+1" in page


def test_strength_has_no_sign():
    strongest = [WeighedStretch(0.0, 0.5, 1.0, 1.0)]
    page = explanation_page(replace(REPORT, signed=False, strongest=strongest))
    assert "+1" not in page
    assert "not in which direction" in page
    assert "blue against" not in page
