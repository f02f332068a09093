"""The same on published weights, in the precision they are used in as well."""

import pytest
import torch

from tests.explainers.lrp.accounts import account, leaks
from tests.shared_data import shared_data
from xaudio.classifiers import load_classifier
from xaudio.models.aasist import AASIST, FULL, LIGHT

SAMPLES = 9600


def aasist(file, shape):
    weights = torch.load(shared_data(f"aasist/{file}"), map_location="cpu", weights_only=True)
    module = AASIST(shape)
    module.load_state_dict(weights)
    return module.eval()


MODULES = {
    "aasist": lambda: aasist("AASIST.pth", FULL),
    "aasist-l": lambda: aasist("AASIST-L.pth", LIGHT),
    "lcnn": lambda: load_classifier("lcnn").module,
}


def clips(batch=3):
    random = torch.Generator().manual_seed(3)
    tone = torch.sin(torch.arange(SAMPLES) * 0.07)
    return 0.05 * torch.randn(batch, SAMPLES, generator=random) + 0.1 * tone


@pytest.mark.parametrize("composite", ["epsilon", "attnlrp", "epsilon_plus"])
@pytest.mark.parametrize("name", MODULES)
def test_in_double_precision(name, composite):
    module = MODULES[name]().double().requires_grad_(False)
    given = clips().double()
    found = account(module, given, composite, metered=True)
    with torch.no_grad():
        torch.testing.assert_close(found.outputs, module(given), rtol=0, atol=1e-10)
    assert found.relevance.any()
    assert found.missing().max() < 1e-6
    assert leaks(found.run, 1e-6, 1e-8 * found.scores.abs()) == []


@pytest.mark.parametrize("composite", ["epsilon", "epsilon_plus"])
@pytest.mark.parametrize("name", MODULES)
def test_in_single_precision(name, composite):
    module = MODULES[name]().float().requires_grad_(False)
    found = account(module, clips(), composite)
    with torch.no_grad():
        torch.testing.assert_close(found.outputs, module(clips()), rtol=1e-5, atol=1e-5)
    lost = found.missing() * found.scores.abs()
    flow = found.scores.abs() + found.relevance.abs().flatten(1).sum(dim=1)
    assert (lost <= 1e-4 * flow).all()
