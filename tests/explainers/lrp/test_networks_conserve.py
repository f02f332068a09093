"""Every reference network: the same outputs, and nothing is lost on the way.

Weights are frozen in both runs that are compared: where they are not, torch itself multiplies
matrices in another order and its own answers differ in the last digit.
"""

import pytest
import torch

from tests.explainers.lrp.accounts import account, leaks
from tests.explainers.lrp.networks import get, names

COMPOSITES = ("epsilon", "cp", "attnlrp", "epsilon_plus", "gamma", "flat_first")
OWN = names(without=("huggingface", "quirk"))
BATCHES = {"activations": 2, "lcnn-blstm": 5}
"""Clips where three of them are not told apart: another axis is a multiple of three."""


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("name", OWN)
def test_network(name, composite):
    check(name, composite)


@pytest.mark.parametrize("composite", ["epsilon", "attnlrp", "flat_first"])
@pytest.mark.parametrize("name", names("quirk"))
def test_quirk(name, composite):
    check(name, composite)


def check(name, composite):
    """Outputs as ever; input and sinks are the score, and hand on all they get, for each clip."""
    module = get(name).build().double().requires_grad_(False)
    clips = get(name).example(BATCHES.get(name, 3)).double()
    outputs = module(clips.clone().requires_grad_()).detach()
    found = account(module, clips, composite, metered=True)
    if found.unfolded:
        torch.testing.assert_close(found.outputs, outputs, rtol=0, atol=1e-10)
    else:
        assert torch.equal(found.outputs, outputs)
    assert found.relevance.isfinite().all()
    assert found.relevance.flatten(1).any(dim=1).all()
    # A network that computes its softmax in float32 whatever it is given keeps no more than that.
    tolerance = 1e-5 if "float32-inside" in get(name).tags else 1e-8
    assert found.missing().max() < tolerance
    assert leaks(found.run, tolerance, tolerance * found.scores.abs()) == []
    assert any(flow.out is not None and flow.into is not None for flow in found.run.flows)
