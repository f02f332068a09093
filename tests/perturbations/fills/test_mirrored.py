import torch

from perturbations.fills.mirrored import reversed_neighbour
from tests.perturbations.signals import keys, speech_like

FADE = 80


def test_the_neighbour_before_is_played_backwards():
    clip = speech_like(1, 0.75)
    filled = reversed_neighbour(clip, 16_000, keys(1), [(3_000, 5_000)])[0]
    assert torch.equal(filled[3_000 : 5_000 - FADE], clip[0, 1_000 + FADE : 3_000].flip(0))


def test_the_neighbour_after_is_taken_where_there_is_too_little_before():
    clip = speech_like(1, 0.5)
    filled = reversed_neighbour(clip, 16_000, keys(1), [(1_000, 3_000)])[0]
    assert torch.equal(filled[1_000 + FADE : 3_000], clip[0, 3_000 : 5_000 - FADE].flip(0))
    filled = reversed_neighbour(clip, 16_000, keys(1), [(0, 3_000)])[0]
    assert torch.equal(filled[:3_000], clip[0, 3_000:6_000].flip(0))


def test_a_short_neighbour_goes_to_and_fro():
    clip = speech_like(1, 0.5)
    filled = reversed_neighbour(clip, 16_000, keys(1), [(500, 7_700)])[0]
    before = clip[0, :500]
    to_and_fro = torch.cat([before.flip(0), before]).repeat(8)[:7_200]
    assert torch.equal(filled[500 : 7_700 - FADE], to_and_fro[:-FADE])
