import pytest
import torch

from perturbations.contract import check_corruption
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, speech_like

RATE = 16_000


@pytest.mark.parametrize("name", ["excerpt", "tiling"])
def test_promises_are_kept(name):
    check_corruption(load_corruption(name), speech_like(2, 0.6))


def test_excerpts_are_stretches_one_inside_the_other():
    excerpt = load_corruption("excerpt")
    clip = torch.linspace(-1, 1, 1001)[None]
    starts = []
    for repeat in range(50):
        outer = (0, 1000)
        for severity, share in enumerate(excerpt.levels, 1):
            cut = excerpt.apply(clip, RATE, severity, [Key("a", repeat)]).clip(0)
            start = round(cut.facts["start_seconds"] * RATE)
            inner = (start, start + len(cut.samples) - 1)
            assert torch.equal(cut.samples, clip[0, inner[0] : inner[1] + 1])
            assert len(cut.samples) == round(share * 1001) == round(cut.facts["seconds"] * RATE)
            assert outer[0] <= inner[0] <= inner[1] <= outer[1]
            assert cut.time_map.forward(start / RATE) == pytest.approx(0, abs=1e-12)
            outer = inner
        starts.append(start / 850)
    assert min(starts) < 0.1 and max(starts) > 0.9
    assert sum(starts) / 50 == pytest.approx(0.5, abs=4 / (12 * 50) ** 0.5)


def test_tiling_begins_again_at_the_end():
    tiling = load_corruption("tiling", levels=[2.5])
    clip = speech_like(1, 0.1)
    tiled = tiling.apply(clip, RATE, 1, keys(1)).clip(0)
    assert torch.equal(tiled.samples, torch.cat([clip[0], clip[0], clip[0, :800]]))
    assert tiled.facts == {"seconds": 0.25}
    assert tiled.time_map.is_identity


def test_the_shortest_clips():
    clip = torch.tensor([[0.1, -0.2]])
    assert load_corruption("excerpt").apply(clip, RATE, 5, keys(1)).lengths == (2,)
    assert load_corruption("tiling").apply(clip, RATE, 1, keys(1)).lengths == (3,)


@pytest.mark.parametrize(
    ("name", "level"), [("excerpt", 0.0), ("excerpt", 1.0), ("tiling", 1.0), ("tiling", 101.0)]
)
def test_levels_are_checked(name, level):
    with pytest.raises(CorruptionError, match=r"above 0 and below 1|more than once"):
        load_corruption(name, levels=[level])
