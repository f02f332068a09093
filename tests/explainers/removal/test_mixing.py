import math

import numpy as np
import pytest
import torch

from explainers.removal.mixing import Block, change_remover, owners, stand_in_remover
from tests.explainers.small_models import noise


def run_around(owner, place):
    """The longest stretch of one owner around a place."""
    start = stop = place
    while start > 0 and owner[start - 1] == owner[place]:
        start -= 1
    while stop < len(owner) and owner[stop] == owner[place]:
        stop += 1
    return start, stop


def place_by_place(content, stand_in, owner, gone, joint):
    """One coalition, one place after the other: gone entirely, or fading beside what is gone."""
    left = content.clone()
    for place in range(len(owner)):
        start, stop = run_around(owner, place)
        share = gone[owner[place]]
        for neighbour, distance in ((start - 1, place - start + 1), (stop, stop - place)):
            if 0 <= neighbour < len(owner) and distance <= joint:
                fade = math.cos(math.pi * distance / (2 * (joint + 1))) ** 2
                share = max(share, fade * gone[owner[neighbour]])
        change = stand_in[..., place] - content[..., place]
        left[..., place] = content[..., place] + share * change
    return left


OWNERS = {
    "side by side": [0] * 7 + [1] * 9 + [2] * 8,
    "with gaps": [3] * 5 + [0] * 4 + [3] * 6 + [1] * 7 + [2] * 1 + [3] * 1,
    "in pieces": [0] * 6 + [1] * 6 + [0] * 6 + [2] * 6,
    "one of all": [0] * 24,
}


@pytest.mark.parametrize("shape", [(24,), (3, 24), (2, 3, 24)])
@pytest.mark.parametrize("joint", [0, 1, 3, 11])
@pytest.mark.parametrize("kind", OWNERS)
def test_removal_is_what_a_loop_over_places_does(kind, joint, shape):
    content, stand_in = noise(*shape), noise(*shape, seed=1)
    owner = OWNERS[kind]
    remove = stand_in_remover(content, [(stand_in, torch.tensor(owner))], joint)
    random = np.random.default_rng(0)
    players = max(3, max(owner))
    hard = random.random((6, players)) < 0.5
    soft = random.random((6, players))
    for coalitions in (hard, soft):
        found = remove(torch.from_numpy(coalitions))
        for row, there in zip(found, coalitions, strict=True):
            gone = [*(1.0 - there), 0.0]
            expected = place_by_place(content, stand_in, owner, gone, joint)
            torch.testing.assert_close(row, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", OWNERS)
def test_hard_edges_are_exact(kind):
    content, stand_in, owner = noise(24), noise(24, seed=1), torch.tensor(OWNERS[kind])
    coalitions = torch.from_numpy(np.random.default_rng(0).random((20, 3)) < 0.5)
    found = stand_in_remover(content, [(stand_in, owner)])(coalitions)
    for row, there in zip(found, coalitions, strict=True):
        present = torch.cat([there, torch.tensor([True])])[owner]
        assert torch.equal(row, torch.where(present, content, stand_in))


def test_what_is_there_stays_to_the_last_bit_outside_the_joints():
    content, stand_in = noise(60), noise(60, seed=1)
    owner = torch.tensor([0] * 20 + [1] * 20 + [2] * 20)
    found = stand_in_remover(content, [(stand_in, owner)], joint=5)(
        torch.tensor([[True, False, True]])
    )[0]
    assert torch.equal(found[:15], content[:15]) and torch.equal(found[45:], content[45:])
    assert torch.equal(found[20:40], stand_in[20:40])
    assert not torch.isclose(found[15:20], content[15:20]).any()
    assert not torch.isclose(found[40:45], content[40:45]).any()


def test_layers_are_laid_one_over_the_other():
    content = torch.zeros(4)
    ones, twos = torch.ones(4), 2 * torch.ones(4)
    layers = [(ones, torch.tensor([0, 0, 2, 2])), (twos, torch.tensor([2, 1, 1, 2]))]
    remove = stand_in_remover(content, layers)
    coalitions = torch.tensor([[False, True], [True, False], [False, False], [True, True]])
    assert remove(coalitions).tolist() == [[1, 1, 0, 0], [0, 2, 2, 0], [1, 2, 2, 0], [0, 0, 0, 0]]


def test_owners_are_numbers_of_parts():
    found = owners([(2, (0, 1)), (0, (3, 5))], 6, nobody=9)
    assert found.tolist() == [2, 9, 9, 0, 0, 9]


COVERED = [
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    [[0, 1, 0], [1, 0, 0], [0, 0, 1]],
    [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]],
    [[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 1]],
]


@pytest.mark.parametrize("covered", COVERED)
def test_an_atom_is_gone_when_any_of_its_parts_is(covered):
    clip, random = noise(12), np.random.default_rng(0)
    covered = np.array(covered, dtype=bool)
    # Three of five parts, in another order, in a stretch of their own, and one over the whole clip.
    numbers, changes = [4, 0, 2], noise(covered.shape[1], 7, seed=1)
    blocks = [
        Block(3, changes, torch.tensor(numbers), torch.from_numpy(covered)),
        Block(0, noise(1, 12, seed=2), torch.tensor([2]), torch.tensor([[True]])),
    ]
    remove = change_remover(clip, blocks)
    for coalitions in (random.random((8, 5)) < 0.5, random.random((8, 5))):
        found = remove(torch.from_numpy(coalitions))
        for row, there in zip(found, coalitions, strict=True):
            expected = clip.double() + (1.0 - there[2]) * blocks[1].changes[0].double()
            for atom, change in enumerate(changes.double()):
                gone = [1.0 - there[numbers[part]] for part in range(3) if covered[part, atom]]
                expected[3:10] += max(gone, default=0.0) * change
            torch.testing.assert_close(row.double(), expected, atol=1e-6, rtol=0)
    everything = torch.ones(2, 5, dtype=torch.bool)
    assert torch.equal(remove(everything), clip.expand(2, 12))
