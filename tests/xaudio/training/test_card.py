import json

import numpy as np
import pytest

from xaudio.training.card import card_text, write_card
from xaudio.training.evaluation import Trial, card_figures
from xaudio.training.recipe import Recipe


@pytest.fixture
def trials():
    """Human clips score 1 to 10; WORLD is told apart, LPC not at all; hybrids are half found."""
    made = [Trial("bonafide", f"s{number}", float(number)) for number in range(1, 11)]
    made += [Trial("world", f"s{number}", float(-number)) for number in range(1, 11)]
    made += [Trial("lpc", f"s{number}", float(number)) for number in range(1, 11)]
    perfect, reverse = np.repeat([0.0, 1.0, 0.0], 50), np.repeat([1.0, 0.0, 1.0], 50)
    for number in range(1, 11):
        frames = perfect if number % 2 else reverse
        made.append(Trial("world-hybrid", f"s{number}", -1.0, ((1.0, 2.0),), frames))
    return made


def test_pools_hold_what_they_are_called(trials):
    figures = card_figures(trials, Recipe(held_out_attacks=("lpc",)))
    assert figures["seen"]["eer_percent"] == 0.0
    assert figures["unseen"]["eer_percent"] == pytest.approx(50.0)
    assert figures["seen"]["clips"] == figures["unseen"]["clips"] == 10
    assert figures["hybrids"]["clips"] == 10


def test_errors_are_counted_at_zero(trials):
    figures = card_figures(trials, Recipe(held_out_attacks=("lpc",)))
    assert figures["lpc"]["false_acceptance_percent_at_0"] == 100.0
    assert figures["world"]["false_acceptance_percent_at_0"] == 0.0
    assert figures["world"]["false_rejection_percent_at_0"] == 0.0


def test_frames_are_held_against_the_stretches(trials):
    figures = card_figures(trials, Recipe())
    assert figures["world-hybrid"]["frame_auc"] == pytest.approx(0.5)
    assert "frame_auc" not in figures["world"]


def test_the_card_says_the_figures_it_was_given(trials, tmp_path):
    recipe = Recipe(held_out_attacks=("lpc",), epochs=7)
    figures = card_figures(trials, recipe)
    write_card(tmp_path, figures, recipe, {"human speakers": 10})
    read_back = json.loads((tmp_path / "lcnn.json").read_text())
    assert read_back["figures"] == figures
    assert read_back["recipe"]["epochs"] == 7
    text = (tmp_path / "lcnn.md").read_text()
    assert text == card_text(figures, recipe, {"human speakers": 10})
    assert "10 human speakers" in text
    row = next(line for line in text.splitlines() if line.startswith("| world |"))
    assert "0.0 [0.0, 30.85]" in row
