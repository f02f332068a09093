import re
from itertools import pairwise

import pytest

from tests.xaudio.reports.reading import read
from tests.xaudio.reports.sweep_rows import conditions
from xaudio.reports.heat import LEVELS, heat_level, heat_style, heat_top
from xaudio.reports.measures import ERRORS, REFITTED, WRONG, main_measure
from xaudio.reports.model_matrix import matrix_figure, model_matrix, ranked_corruptions


def test_every_condition_is_a_square_with_its_number_and_interval():
    rows = conditions(("lcnn", "aasist"), severities=(2, 7))
    page = model_matrix(rows, ERRORS)
    squares = re.findall(r'class="heat h(\d+)" title="([^"]+)">(\d+)<', page)
    assert len(squares) == len(rows)
    assert (
        str(heat_level(0.16, 0.5)),
        "aasist, echo, severity 2: errors at the deployed threshold "
        "16.0\xa0%\xa0[15.0,\xa019.0], 60 clips",
        "16",
    ) in squares
    clean = read(page).rows[1]
    assert clean[0].startswith("clean"), "clean comes first"
    assert [cell.split("[")[1] for cell in read(page).rows[2][1:]] == ["39.0, 43.0]", "40.0, 44.0]"]


def test_the_colours_divide_the_scale_evenly():
    assert [heat_level(share, 0.32) for share in (0.0, 0.019, 0.021, 0.16, 0.31, 0.32, 1.0)] == [
        0, 0, 1, 8, 15, 15, 15,
    ]  # fmt: skip


def test_the_costliest_corruption_comes_first_whatever_its_severities():
    rows = conditions(corruptions=("mild", "harsh"))
    rows[-2] |= {"error": 0.9}
    assert ranked_corruptions(rows, ERRORS) == ["clean", "harsh", "mild"]


def test_colours_are_ordered_and_their_numbers_legible_in_light_and_dark():
    """Lightness falls, or rises, from step to step; contrast is what WCAG 2 asks of large type."""
    rules = re.findall(r"\.h(\d+)\{background:#(\w{6});color:#(\w{3})\}", heat_style())
    assert len(rules) == 2 * LEVELS

    def luminance(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for theme, sign in ((rules[:LEVELS], -1), (rules[LEVELS:], 1)):
        paper = [luminance(colour) for _, colour, _ in theme]
        assert all(sign * (b - a) > 0 for a, b in pairwise(paper))
        for level, (_, _, ink) in zip(paper, theme, strict=True):
            light = 1.0 if ink == "fff" else 0.0
            pair = sorted((level, light))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) > 4.5


@pytest.mark.parametrize(
    ("shares", "top"), [([], 0.05), ([0.05], 0.05), ([0.051], 0.1), ([0.7], 1.0), ([None], 0.05)]
)
def test_the_scale_ends_at_the_least_round_share_that_holds_all(shares, top):
    assert heat_top(shares) == top


def test_what_counts_as_errors_follows_from_what_is_known():
    rows = conditions()
    assert main_measure(rows) is ERRORS
    assert main_measure([row | {"clean_threshold": None} for row in rows]) is WRONG
    assert main_measure([row | {"error": None} for row in rows]) is REFITTED


def test_the_figure_has_the_numbers_of_the_harshest_severity():
    panel = matrix_figure(conditions(("lcnn", "a$b")), ERRORS).axes[0]
    said = [text.get_text().replace("\xa0", " ") for text in panel.texts]
    assert said == ["5.0 [4.0, 8.0]", "6.0 [5.0, 9.0]"] + 2 * [
        "30.0 [29.0, 33.0]",
        "31.0 [30.0, 34.0]",
    ]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["lcnn", "a$b"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["clean", "mp3 5", "echo 5"]
