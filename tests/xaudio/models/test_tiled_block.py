import pytest
import torch

from xaudio.models.aasist import ResidualBlock
from xaudio.models.tiled_block import TILE


def a_block(incoming: int, outgoing: int) -> ResidualBlock:
    torch.manual_seed(0)
    block = ResidualBlock(incoming, outgoing, first=incoming == 1).eval()
    block.bn2.running_mean = torch.randn(outgoing)
    block.bn2.running_var = 0.5 + torch.rand(outgoing)
    block.bn2.weight.data = torch.randn(outgoing)
    block.bn2.bias.data = torch.randn(outgoing)
    return block


@pytest.mark.parametrize(("incoming", "outgoing"), [(1, 4), (4, 4), (4, 6)])
@pytest.mark.parametrize("frames", [3, 4, 5, 7, 3 * TILE, 3 * TILE + 1, 3 * TILE + 2, 6 * TILE + 4])
def test_tiles_meet_without_a_seam(incoming, outgoing, frames):
    block = a_block(incoming, outgoing)
    maps = torch.randn(1, incoming, 5, frames)
    with torch.no_grad():
        expected = block(maps)
    found = block.scoring_form()(maps)
    assert found.shape == expected.shape == (1, outgoing, 5, frames // 3)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_a_batch_takes_smaller_tiles_to_the_same_values():
    block = a_block(4, 6)
    maps = torch.randn(2 * TILE, 4, 3, 10)
    with torch.no_grad():
        torch.testing.assert_close(block.scoring_form()(maps), block(maps), atol=1e-5, rtol=0)


def test_it_keeps_no_tie_to_the_block_it_came_from():
    block = a_block(4, 4)
    form = block.scoring_form()
    maps = torch.randn(1, 4, 5, 9)
    before = form(maps)
    for parameter in block.parameters():
        parameter.data.zero_()
    assert torch.equal(form(maps), before)
    assert not form(maps.requires_grad_()).requires_grad
