"""Every reference network under every composite: the same outputs, and nothing is lost on the way.

Weights are frozen in both runs that are compared: where they are not, torch itself multiplies
matrices in another order and its own answers differ in the last digit.
"""

from functools import cache

import pytest
import torch

from explainers.lrp import lrp
from tests.explainers.lrp.accounts import account, leaks
from tests.explainers.lrp.networks import get, names

COMPOSITES = ("epsilon", "cp", "attnlrp", "epsilon_plus", "gamma", "flat_first")


@cache
def network(name):
    """The module in double precision, five clips, and what it says about them."""
    if "huggingface" in get(name).tags:
        pytest.importorskip("transformers")
    module = get(name).build().double().requires_grad_(False)
    clips = get(name).example(5).double()
    return module, clips, module(clips.clone().requires_grad_()).detach()


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("name", names())
def test_outputs_are_the_modules_own(name, composite):
    module, clips, outputs = network(name)
    with lrp(composite, module) as run:
        ours = module(clips.clone().requires_grad_()).detach()
    if any(flow.outer is not None for flow in run.flows):
        torch.testing.assert_close(ours, outputs, rtol=0, atol=1e-10)
    else:
        assert torch.equal(ours, outputs)


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("name", names())
def test_relevance_and_sinks_are_the_score(name, composite):
    module, clips, _ = network(name)
    found = account(module, clips, composite, metered=True)
    assert found.relevance.isfinite().all() and found.relevance.any()
    # A network that computes its softmax in float32 whatever it is given keeps no more than that.
    tolerance = 1e-5 if "float32-inside" in get(name).tags else 1e-9
    assert found.missing().max() < tolerance
    assert leaks(found.run, tolerance, tolerance * found.scores.abs()) == []
    assert any(flow.out is not None and flow.into is not None for flow in found.run.flows)
