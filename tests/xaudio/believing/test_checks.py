import numpy as np

from xaudio.believing import Belief, Check, NotChecked
from xaudio.believing.shifting import summed, turned, turns


def check(claim: str, passed: bool) -> Check:
    return Check("name", claim, 1.0, 0.0, 2.0, 0.0, "a number", passed, "So it is.")


def test_the_sentence_claims_what_passed_and_no_more():
    left = (NotChecked("c", "C", "No reason."), NotChecked("d", "D", "None."))
    found = Belief((check("A", True), check("B", False)), left)
    assert found.sentence == (
        "1 of 2 checks hold: A. Not shown: that B. Not checked: whether C or whether D. "
        "Read the map with that in mind."
    )


def test_nothing_shown_is_said():
    found = Belief((check("A", False), check("B", False)))
    assert found.sentence.startswith("0 of 2 checks hold. Not shown: that A or that B.")


def test_no_check_is_no_knowledge():
    assert "nothing is known" in Belief(()).sentence


def test_turns_leave_no_map_where_it_was():
    random = np.random.default_rng(0)
    drawn = turns(80, 3, 20, random)
    assert len(set(drawn.tolist())) == 20
    assert drawn.min() >= 3 and drawn.max() <= 77
    assert turns(80, 1, 200, random).tolist() == list(range(1, 80))


def test_turned_maps_keep_their_values():
    values = np.arange(5.0)
    assert turned(values, 2).tolist() == [3, 4, 0, 1, 2]
    assert summed(values, 2).tolist() == [1, 5, 4]
