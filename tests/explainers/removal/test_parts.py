import time
from itertools import pairwise

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.removal.parts import Filling, PatchParts, SourceParts, TimeParts
from perturbations.corruption import Key
from perturbations.fills import fills
from perturbations.masking import Patch, SpectrumGrid, mel_band_edges
from tests.explainers.small_models import RATE, noise

KEY = Key("clip", 0)
LENGTH = 240
CLIP = noise(LENGTH) + 0.05

APART = (((20, 60),), ((60, 100),), ((130, 131),), ((150, 180), (200, 240)))
OVERLAPPING = (((0, 80),), ((40, 120),), ((60, 70), (160, 200)), ((100, 180),), ((60, 70),))


def parts_of(stretches, length=LENGTH):
    names = tuple(f"part {number}" for number in range(len(stretches)))
    return TimeParts(names, stretches, length, RATE)


def all_coalitions(parts):
    return torch.tensor(
        [[bool(row >> part & 1) for part in range(parts)] for row in range(2**parts)]
    )


def stand_in(name, stretches, clip=CLIP):
    return fills.get(name)(clip[None], RATE, [KEY], [*stretches])[0]


@pytest.mark.parametrize("name", fills.names())
def test_apart_or_not_a_part_is_filled_from_its_own_neighbourhood(name):
    for stretches in (APART, OVERLAPPING):
        parts = parts_of(stretches)
        alone = [stand_in(name, own) for own in stretches]
        coalitions = all_coalitions(len(stretches))
        found = parts.remover(CLIP, Filling(name, KEY))(coalitions)
        assert found.shape == (len(coalitions), LENGTH)
        for row, there in zip(found, coalitions.tolist(), strict=True):
            gone = [part for part in range(len(stretches)) if not there[part]]
            candidates = torch.zeros(LENGTH, dtype=torch.int)
            fits = torch.zeros(LENGTH, dtype=torch.bool)
            for part in gone:
                for start, stop in stretches[part]:
                    candidates[start:stop] += 1
                    fits[start:stop] |= torch.isclose(
                        row[start:stop], alone[part][start:stop], rtol=1e-5, atol=1e-6
                    )
            assert torch.equal(row[candidates == 0], CLIP[candidates == 0])
            assert bool(fits[candidates > 0].all())


@pytest.mark.parametrize("stretches", [APART, OVERLAPPING])
def test_zeros_are_exact(stretches):
    coalitions = all_coalitions(len(stretches))
    found = parts_of(stretches).remover(CLIP, Filling("zeros", KEY))(coalitions)
    for row, there in zip(found, coalitions.tolist(), strict=True):
        expected = CLIP.clone()
        for part, present in enumerate(there):
            for start, stop in stretches[part]:
                if not present:
                    expected[start:stop] = 0
        assert torch.equal(row, expected)


@pytest.mark.parametrize("name", fills.names())
@pytest.mark.parametrize("joint", [0.0, 0.004])
def test_nothing_moves_when_a_word_is_taken_away(name, joint):
    train = torch.zeros(LENGTH)
    train[::7] = torch.linspace(0.2, 0.9, len(train[::7]))
    words = parts_of((((30, 62),), ((62, 110),), ((150, 205),)))
    found = words.remover(train, Filling(name, KEY, joint))(
        torch.tensor([[True, False, True], [False, True, False]])
    )
    reach = round(joint * RATE)
    for row, (start, stop) in zip(found, [(62, 110), (30, 62)], strict=True):
        outside = torch.ones(LENGTH, dtype=torch.bool)
        outside[start - reach : stop + reach] = False
        if start == 30:
            outside[150 - reach : 205 + reach] = False
        assert torch.equal(row[outside], train[outside])


def test_joints_fade_beside_the_part_and_never_in_it():
    offset = torch.ones(LENGTH)
    found = parts_of((((60, 100),),)).remover(offset, Filling("zeros", KEY, 0.009))(
        torch.tensor([[0.0], [0.5]])
    )
    fade = np.cos(np.pi * np.arange(1, 10) / 20) ** 2
    hard = found[0].numpy()
    np.testing.assert_array_equal(hard[60:100], 0)
    np.testing.assert_allclose(hard[100:109], 1 - fade, atol=1e-6)
    np.testing.assert_allclose(hard[51:60][::-1], 1 - fade, atol=1e-6)
    np.testing.assert_array_equal(hard[:51], 1)
    np.testing.assert_array_equal(hard[109:], 1)
    np.testing.assert_allclose(found[1], (1 + found[0]) / 2, atol=1e-6)


def test_a_share_is_a_share_of_the_way_to_the_fill():
    parts = parts_of(APART)
    shares = noise(5, 4, scale=1.0).abs().clamp(max=1).double()
    found = parts.remover(CLIP, Filling("mean", KEY))(shares)
    for row, share in zip(found, shares.tolist(), strict=True):
        expected = CLIP.clone()
        for kept, own in zip(share, APART, strict=True):
            for start, stop in own:
                expected[start:stop] = kept * CLIP[start:stop] + (1 - kept) * CLIP.mean()
        torch.testing.assert_close(row, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("length", "stretch"), [(1, (0, 1)), (50, (0, 50)), (50, (7, 8))])
@pytest.mark.parametrize("name", fills.names())
def test_a_sample_or_the_whole_clip_can_go(name, length, stretch):
    clip = noise(length) + 0.1
    parts = parts_of(((stretch,),), length)
    gone, there = parts.remover(clip, Filling(name, KEY, 0.005))(torch.tensor([[False], [True]]))
    assert torch.equal(there, clip)
    assert gone.isfinite().all() and len(gone) == length
    expected = stand_in(name, [stretch], clip)
    torch.testing.assert_close(gone[stretch[0] : stretch[1]], expected[stretch[0] : stretch[1]])


def test_worth_lies_on_the_parts_own_samples():
    values = np.array([2.0, -3.0, 5.0, 7.0])
    found = parts_of(APART).on_samples(values)
    assert found.sum() == pytest.approx(11.0, abs=1e-12)
    expected = np.zeros(LENGTH)
    for value, own in zip(values, APART, strict=True):
        samples = np.concatenate([np.arange(*stretch) for stretch in own])
        expected[samples] += value / len(samples)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    overlapping = parts_of((((0, 4),), ((2, 4),)), 6).on_samples(np.array([4.0, 6.0]))
    np.testing.assert_allclose(overlapping, [1, 1, 4, 4, 0, 0])


def test_boxes_say_where_parts_are():
    apart = parts_of(APART)
    np.testing.assert_allclose(
        apart.boxes,
        [[0.02, 0.06, 0, 500], [0.06, 0.1, 0, 500], [0.13, 0.131, 0, 500], [0.15, 0.24, 0, 500]],
    )
    assert not apart.are_boxes  # the last is in pieces
    assert parts_of(APART[:3]).are_boxes
    assert not parts_of(OVERLAPPING[:2]).are_boxes
    assert parts_of((((100, 120),), ((0, 100),))).are_boxes
    assert len(apart) == 4


def test_parts_that_overlap_are_never_in_one_family():
    random = np.random.default_rng(0)
    for _ in range(30):
        starts = random.integers(0, 200, 12)
        stretches = tuple(((int(a), int(a + random.integers(1, 40))),) for a in starts)
        families = parts_of(stretches).families
        assert sorted(part for family in families for part in family) == [*range(12)]
        masks = parts_of(stretches).masks
        assert all(masks[list(family)].sum(axis=0).max() <= 1 for family in families)
        assert len(families) == masks.sum(axis=0).max()  # no more than needed
        edges = np.sort(random.choice(240, (8, 4)), axis=1)
        edges += np.arange(4)
        pieces = tuple(((int(a), int(b)), (int(c), int(d))) for a, b, c, d in edges)
        families = parts_of(pieces, 250).families
        assert sorted(part for family in families for part in family) == [*range(8)]
        masks = parts_of(pieces, 250).masks
        assert all(masks[list(family)].sum(axis=0).max() <= 1 for family in families)


def test_parts_in_pieces_between_each_other_are_one_family():
    woven = (((0, 10), (20, 30)), ((10, 20), (30, 40)), ((45, 50),))
    assert parts_of(woven).families == ((0, 1, 2),)


def test_twenty_thousand_windows_are_put_together_at_once():
    started = time.perf_counter()
    stretches = tuple(((start, start + 10),) for start in range(0, 200_000, 10))
    names = tuple(map(str, range(len(stretches))))
    assert len(TimeParts(names, stretches, 200_000, RATE).families) == 1
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("names", "stretches", "words"),
    [
        ((), (), "at least one part"),
        (("a", "a"), (((0, 1),), ((1, 2),)), "different names"),
        (("a",), (((0, 1),), ((1, 2),)), "different names"),
        (("a",), ((),), "'a'"),
        (("a",), (((3, 3),),), "rising"),
        (("a",), (((5, 3),),), "rising"),
        (("a",), (((-1, 3),),), "from 0 to 240"),
        (("a",), (((200, 241),),), "from 0 to 240"),
        (("a",), (((10, 20), (0, 5)),), "apart"),
        (("a",), (((0, 10), (5, 20)),), "apart"),
    ],
)
def test_parts_that_are_none_are_refused(names, stretches, words):
    with pytest.raises(ExplanationError, match=words):
        TimeParts(names, stretches, LENGTH, RATE)
    with pytest.raises(ExplanationError, match="different names"):
        PatchParts(("a", "a"), (Patch(0.0, 0.1, 0.0, 9.0),) * 2, LENGTH, RATE)
    with pytest.raises(ExplanationError, match="different names"):
        SourceParts(("a",), noise(2, LENGTH), RATE)


# Patches -----------------------------------------------------------------------------------------

WINDOWS = [(0.0, 0.08), (0.08, 0.16), (0.16, 0.24)]
BANDS = [(0.0, 120.0), (120.0, 260.0), (260.0, 500.0)]
TILES = tuple(Patch(*window, *band) for window in WINDOWS for band in BANDS)
LAID_OVER = (
    Patch(0.0, 0.12, 0.0, 300.0),
    Patch(0.06, 0.2, 100.0, 500.0),
    Patch(0.08, 0.1, 0.0, 500.0),
    Patch(0.0, 0.24, 200.0, 260.0),
)


def patches_of(patches):
    return PatchParts(tuple(map(str, range(len(patches)))), patches, LENGTH, RATE)


def without_cells(patches, filled):
    """The clip with its cells replaced, cell by cell: those whose centre a gone patch holds."""
    grid = SpectrumGrid.at(RATE)
    bins = grid.transform(CLIP[None])[0]
    replacing = grid.transform(filled[None])[0]
    difference = torch.zeros_like(bins)
    for row in range(bins.shape[0]):
        for column in range(bins.shape[1]):
            hertz, seconds = row * RATE / grid.size, column * grid.hop / RATE
            for one in patches:
                in_band = one.low <= hertz and (hertz < one.high or one.high >= RATE / 2)
                in_time = one.start <= seconds and (seconds < one.end or one.end >= LENGTH / RATE)
                if in_band and in_time:
                    difference[row, column] = replacing[row, column] - bins[row, column]
    return CLIP + grid.inverse(difference[None], LENGTH)[0]


@pytest.mark.parametrize("patches", [TILES, LAID_OVER])
def test_cells_that_any_gone_patch_covers_are_replaced(patches):
    parts = patches_of(patches)
    random = np.random.default_rng(0)
    coalitions = torch.from_numpy(random.random((8, len(patches))) < 0.6)
    found = parts.remover(CLIP, Filling("mean", KEY))(coalitions)
    filled = stand_in("mean", [(0, LENGTH)])
    for row, there in zip(found, coalitions.tolist(), strict=True):
        gone = [patch for patch, present in zip(patches, there, strict=True) if not present]
        torch.testing.assert_close(row, without_cells(gone, filled), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", fills.names())
def test_tiles_leave_nothing_out(name):
    parts = patches_of(TILES)
    everything = torch.ones(1, len(TILES), dtype=torch.bool)
    remove = parts.remover(CLIP, Filling(name, KEY))
    assert torch.equal(remove(everything)[0], CLIP)
    filled = stand_in(name, [(0, 80), (80, 160), (160, 240)])
    torch.testing.assert_close(remove(~everything)[0], filled, atol=1e-5, rtol=0)
    assert parts.are_boxes and not patches_of(LAID_OVER).are_boxes
    assert not patches_of(LAID_OVER[:2]).are_boxes


@pytest.mark.parametrize("length", [1, 3, 33, 243, 247])
def test_tiles_reach_the_end_of_a_clip_of_any_length(length):
    clip, seconds = noise(length), length / RATE
    edges = [0.0, seconds / 3, seconds]
    patches = tuple(Patch(a, b, low, high) for a, b in pairwise(edges) for low, high in BANDS)
    parts = PatchParts(tuple(map(str, range(6))), patches, length, RATE)
    gone = parts.remover(clip, Filling("zeros", KEY))(torch.zeros(1, 6, dtype=torch.bool))[0]
    torch.testing.assert_close(gone, torch.zeros(length), atol=1e-5, rtol=0)


def test_patches_that_overlap_fade_by_the_most_that_is_gone():
    parts = patches_of(LAID_OVER[:2])
    remove = parts.remover(CLIP, Filling("zeros", KEY))
    both = remove(torch.tensor([[0.0, 0.0]]))[0] - CLIP
    one = remove(torch.tensor([[0.0, 1.0]]))[0] - CLIP
    half = remove(torch.tensor([[0.0, 0.5]]))[0] - CLIP
    torch.testing.assert_close(half, (both + one) / 2, atol=1e-6, rtol=0)


def test_patches_weigh_on_the_samples_between_their_times():
    values = np.arange(1.0, 10.0)
    found = patches_of(TILES).on_samples(values)
    np.testing.assert_allclose(found.reshape(3, 80).sum(axis=1), [6, 15, 24])
    np.testing.assert_allclose(found, np.repeat([6 / 80, 15 / 80, 24 / 80], 80))
    np.testing.assert_allclose(patches_of(TILES).boxes[1], [0.0, 0.08, 120, 260])
    tiny = patches_of((Patch(0.0301, 0.0302, 0.0, 500.0),)).on_samples(np.array([2.0]))
    assert tiny[30] == 2 and tiny.sum() == 2


def test_many_overlapping_parts_of_a_long_clip_need_little_memory():
    length, bands = 1_600_000, mel_band_edges(2, 0.0, 8000.0)
    starts = range(0, length - 4000, 2000)
    stretches = tuple(((start, start + 4000),) for start in starts)
    values = np.ones(len(stretches))
    long = TimeParts(tuple(map(str, starts)), stretches, length, 16000)
    assert long.on_samples(values).sum() == pytest.approx(len(values))
    patches = tuple(Patch(s / 16000, s / 16000 + 0.25, *bands[:2]) for s in starts)
    cells = PatchParts(tuple(map(str, starts)), patches, length, 16000)
    np.testing.assert_allclose(cells.on_samples(values), long.on_samples(values))


# Sources -----------------------------------------------------------------------------------------


def test_a_source_is_taken_out_and_the_rest_stays():
    sources = noise(3, LENGTH)
    clip = sources.sum(dim=0) + noise(LENGTH, seed=5)
    parts = SourceParts(("voice", "hum", "hiss"), sources, RATE)
    coalitions = all_coalitions(3)
    found = parts.remover(clip, Filling("zeros", KEY))(coalitions)
    for row, there in zip(found, coalitions.tolist(), strict=True):
        expected = clip.clone()
        for source, present in zip(sources, there, strict=True):
            expected -= 0 if present else source
        torch.testing.assert_close(row, expected, atol=1e-6, rtol=0)
    assert torch.equal(found[-1], clip)
    half = parts.remover(clip, Filling("zeros", KEY))(torch.tensor([[1.0, 0.5, 1.0]]))[0]
    torch.testing.assert_close(half, clip - sources[1] / 2, atol=1e-6, rtol=0)


def test_a_source_is_filled_for_itself():
    sources = torch.stack([noise(LENGTH) + 0.3, noise(LENGTH, seed=1) - 0.2])
    parts = SourceParts(("one", "two"), sources, RATE)
    gone = parts.remover(sources.sum(dim=0), Filling("mean", KEY))(torch.tensor([[False, True]]))[0]
    torch.testing.assert_close(gone, sources[0].mean() + sources[1], atol=1e-6, rtol=0)
    matched = parts.remover(sources.sum(dim=0), Filling("matched-noise", KEY))
    one, two = matched(torch.tensor([[False, True], [True, False]])) - sources.sum(dim=0)
    first, second = one + sources[0], two + sources[1]
    correlation = torch.corrcoef(torch.stack([first, second]))[0, 1]
    assert abs(float(correlation)) < 0.3  # each source has noise of its own


def test_sources_go_with_a_clip_whose_samples_are_reordered_and_places_do_not():
    sources, order = noise(2, 10), torch.arange(10).flip(0)
    parts = SourceParts(("one", "two"), sources, RATE).reordered(order)
    assert torch.equal(parts.sources, sources.flip(1)) and parts.names == ("one", "two")
    places = parts_of(APART)
    assert places.reordered(torch.arange(LENGTH).flip(0)) is places


def test_sources_weigh_where_they_sound():
    sources = torch.zeros(2, 10)
    sources[0, 2:4] = torch.tensor([1.0, 3.0])
    parts = SourceParts(("click", "silence"), sources, RATE)
    found = parts.on_samples(np.array([5.0, 20.0]))
    expected = np.full(10, 2.0)
    expected[2:4] += [0.5, 4.5]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(parts.boxes, [[0, 0.01, 0, 500]] * 2)
    assert not parts.are_boxes and parts.length == 10
