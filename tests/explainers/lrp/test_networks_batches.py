"""Clips explained together are clips explained alone: their relevance and their ledgers."""

import pytest
import torch

from tests.explainers.lrp.accounts import account
from tests.explainers.lrp.networks import get, names
from tests.explainers.lrp.test_networks_repeat import COMPOSITES, ONE_OF_EACH


@pytest.fixture(params=ONE_OF_EACH + names("quirk"))
def network(request):
    if "huggingface" in get(request.param).tags:
        pytest.importorskip("transformers")
    return get(request.param)


def test_eight_clips_together_are_eight_clips_alone(network):
    module, clips = network.build().double(), network.example(8).double()
    composite = COMPOSITES[len(network.name) % len(COMPOSITES)]
    together = account(module, clips, composite)
    alone = [account(module, clip[None], composite) for clip in clips]
    separate = torch.cat([one.relevance for one in alone])
    scale = separate.flatten(1).abs().amax(dim=1).reshape(-1, *[1] * (clips.ndim - 1))
    assert ((together.relevance - separate).abs() <= 1e-9 * scale).all()
    sinks = together.sinks()
    for index, one in enumerate(alone):
        assert one.sinks().keys() == sinks.keys()
        for key, amount in one.sinks().items():
            torch.testing.assert_close(
                sinks[key][index], amount[0], rtol=1e-9, atol=1e-9 * float(one.scores.abs())
            )
