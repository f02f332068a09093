import re

import numpy as np
import pytest

from explainers.explanation import Explanation
from xaudio.reports.accounts import MOST_ROWS, accounts, weighed_parts


def explained(values, names=None, errors=None, signed=True, ledger=None, **provenance):
    count = len(values)
    edges = np.linspace(0, 2.0, count + 1)
    return Explanation(
        relevance=np.array(values, dtype=float),
        domain="segments",
        segments=np.column_stack([edges[:-1], edges[1:], np.zeros(count), np.full(count, 4000.0)]),
        segment_names=tuple(names or ()),
        standard_error=None if errors is None else np.array(errors, dtype=float),
        sample_rate=8000,
        seconds=2.0,
        target="spoof - bonafide",
        score=3.25,
        method="by-hand",
        signed=signed,
        ledger=ledger or {},
        provenance=provenance,
    )


def table_of(section):
    """The cells of a section's table, row by row, its head first."""
    rows = re.findall(r"<tr>(.*?)</tr>", str(section), flags=re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S) for row in rows]
    return [[re.sub(r"<.*?>", "", cell).strip() for cell in row] for row in cells]


def section(explanation, heading):
    found = [one for one in accounts(explanation) if heading in str(one)]
    assert len(found) == 1
    return found[0]


def test_an_explanation_without_more_to_say_says_no_more():
    assert accounts(explained([1.0, 2.0])) == []
    assert weighed_parts(explained([1.0, 2.0])) == []


def test_parts_are_listed_the_heaviest_first():
    one = explained([0.5, -3.0, 1.25], ["the", "cat", "sat"])
    assert table_of(section(one, "Part by part")) == [
        ["Part", "From (s)", "To (s)", "Relevance"],
        ["cat", "0.67", "1.33", "-3"],
        ["sat", "1.33", "2.00", "+1.25"],
        ["the", "0.00", "0.67", "+0.5"],
    ]
    unsigned = explained([0.5, 3.0], ["the", "cat"], signed=False)
    assert table_of(section(unsigned, "Part by part"))[1][-1] == "3"


def test_parts_carry_their_errors_and_chances():
    one = explained(
        [0.5, -3.0],
        ["the", "cat"],
        errors=[0.25, 0.125],
        significance={
            "null": "scrambled",
            "draws": 19,
            "p": {"the": 0.9, "cat": 0.01},
            "p_over_all_parts": {"the": 0.8, "cat": 0.05},
        },
        fit=0.875,
        settled=True,
    )
    table = table_of(section(one, "Part by part"))
    assert table[0][-2:] == ["Standard error", "p in scrambled clips"]
    assert table[1] == ["cat", "1.00", "2.00", "-3", "0.12", "0.050"]
    assert table[2] == ["the", "0.00", "1.00", "+0.5", "0.25", "0.800"]
    page = str(section(one, "Part by part"))
    assert "88% of the variance" in page and "settled before" in page
    heaviest = weighed_parts(one)[0]
    assert (heaviest.name, heaviest.start, heaviest.end) == ("cat", 1.0, 2.0)
    assert (heaviest.relevance, heaviest.standard_error, heaviest.chance) == (-3.0, 0.125, 0.05)


def test_nothing_drawn_is_no_standard_error():
    one = explained([0.5, -3.0], ["the", "cat"], errors=[0.0, 0.0], settled=False)
    assert table_of(section(one, "Part by part"))[0][-1] == "Relevance"
    assert weighed_parts(one)[0].standard_error is None and weighed_parts(one)[0].chance is None
    assert "allow more" in str(section(one, "Part by part"))


def test_of_many_parts_the_heaviest_are_shown():
    values = np.arange(1.0, 61.0)
    one = explained(values, [f"part {number}" for number in range(60)])
    table = table_of(section(one, "Part by part"))
    assert len(table) == 1 + MOST_ROWS and table[1][0] == "part 59"
    assert "20 more are in the file" in str(section(one, "Part by part"))
    assert len(weighed_parts(one)) == 60


def test_no_name_becomes_markup():
    one = explained([1.0, 2.0], ["<script>", "b&w"], ledger={"<i>rest</i>": 1.0})
    page = "".join(map(str, accounts(one)))
    assert "<script>" not in page and "<i>" not in page
    assert "&lt;script&gt;" in page and "b&amp;w" in page


def test_the_books_balance_and_small_amounts_are_put_together():
    ledger = {"everything replaced": -2.0, "interaction": 0.5, "one": 1e-4, "two": -3e-4}
    table = table_of(section(explained([1.0, 3.75], ledger=ledger), "Where all of the score went"))
    assert table == [
        ["What", "Amount"],
        ["the clip", "+4.75"],
        ["everything replaced", "-2"],
        ["interaction", "+0.5"],
        ["smaller amounts, together", "-0.0002"],
        ["in all", "+3.25"],
    ]
    empty = table_of(section(explained([0.0], ledger={"rest": 0.0}), "Where all of the score went"))
    assert empty[-1] == ["in all", "+0"]


def test_replays_tell_their_looks():
    looks = [
        {"start": 0.5, "end": 1.5, "worth": 2.5, "alone": 3.0, "without": 1.0, "ahead": 1.0},
        {"start": 0.75, "end": 1.25, "worth": -2.0, "alone": 2.5, "without": 1.25, "ahead": 0.5},
    ]
    table = table_of(section(explained([1.0], looks=looks), "Looking again"))
    assert table[1] == ["1", "0.500", "1.500", "+2.5", "+3", "+1"]
    assert table[2] == ["2", "0.750", "1.250", "-2", "+2.5", "+1.25"]
    assert "+3.25" in str(section(explained([1.0], looks=looks), "Looking again"))


def test_the_agreement_of_fills_is_told():
    alike = {
        "rank_correlation": 0.625,
        "least_alike": {"fills": "mean, zeros", "rank_correlation": -0.25},
        "sign": 0.75,
        "share_of_variance": 0.1,
    }
    page = str(section(explained([1.0], fills=alike), "How far it depends on the fill"))
    for text in ("0.62", "mean, zeros", "-0.25", "75%", "10%"):
        assert text in page


@pytest.mark.parametrize("null", ["scrambled", "randomised"])
def test_every_null_has_a_column(null):
    chances = {"null": null, "p_over_all_parts": {"the": 0.5}}
    head = table_of(section(explained([1.0], ["the"], significance=chances), "Part by part"))[0]
    assert head[-1].startswith("p in ")
