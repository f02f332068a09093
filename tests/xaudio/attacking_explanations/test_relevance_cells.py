import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.targets import parse_target
from perturbations.attacks.explanations import cells_inside, moved_later
from perturbations.time_map import TimeMap
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector
from xaudio.attacking_explanations.relevance_cells import RelevanceCells, differentiable_cells
from xaudio.classifiers import load_classifier


def cells(method="saliency", model=None, seconds=0.02, **settings):
    classifier = load_classifier(model or HighBandDetector())
    target = parse_target("spoof - bonafide", classifier.labels)
    return RelevanceCells(classifier, load_explainer(method, **settings), target, seconds)


def voice(seconds=1.01):
    return torch.from_numpy(hybrid(seconds).astype(np.float32))[None]


@pytest.mark.parametrize("method", ["saliency", "input-x-gradient"])
@pytest.mark.parametrize("model", [None, "lcnn"])
def test_the_differentiable_relevance_is_the_methods_own(method, model):
    """On whole cells and on the shorter one at the end."""
    asked = cells(method, model)
    clip = voice()
    expected = asked(clip)
    assert expected.shape == (1, 51)
    for with_gradients in (False, True):
        found = differentiable_cells(asked)(clip.clone().requires_grad_(with_gradients))
        assert found.requires_grad is with_gradients
        close = 1e-3 * float(expected.abs().max())
        assert torch.allclose(found.detach().double(), expected, rtol=0, atol=close)


def test_its_slope_is_that_of_finite_differences():
    asked = cells("input-x-gradient")
    slope = differentiable_cells(asked)
    asked.classifier.module.double()
    clip = voice(0.05).double().requires_grad_()
    assert torch.autograd.gradcheck(slope, clip)


def test_cells_follow_a_delay_and_come_back():
    """The detector hears nothing but differences of neighbours: its explanation moves along."""
    asked = cells("input-x-gradient")
    clip = voice(1.0)
    for samples in (37.0, -160.0):
        delay = samples / RATE
        moved = moved_later(clip, samples)
        inside = cells_inside(torch.from_numpy(asked.edges(1.0)), delay, 1.0)
        assert int(inside.sum()) == 49
        back = asked(moved, TimeMap.later(delay))[0]
        ours = asked(clip)[0]
        # The sample where silence meets the clip is another.
        assert torch.allclose(back[inside][1:-1], ours[inside][1:-1], atol=1e-6)
        assert not torch.allclose(asked(moved)[0], ours, atol=1e-3)


def test_any_method_has_cells_but_few_have_gradients():
    asked = cells("two-sided-occlusion", evaluations=50)
    assert asked(voice()).shape == (1, 51)
    with pytest.raises(ExplanationError, match=r"two-sided-occlusion.*saliency.*square"):
        differentiable_cells(asked)
    with pytest.raises(ExplanationError, match=r"3e-05 s.*whole number"):
        differentiable_cells(cells(seconds=0.00003))
