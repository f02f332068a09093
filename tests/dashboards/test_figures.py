import itertools

import numpy as np
import pytest

from dashboards.figures import clip_figure, explanation_figure
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector
from xaudio import explain
from xaudio.audio import clip_from_samples
from xaudio.classifiers import load_classifier
from xaudio.reports.elements import DARK, LIGHT, Stretch

STRETCH = Stretch(0.5, 1.0, "synthetic")


@pytest.fixture(scope="module")
def explained():
    clip = clip_from_samples(hybrid(), RATE, "hybrid")
    return explain(clip, load_classifier(HighBandDetector()), "input-x-gradient")


def test_all_lanes_share_one_time_axis(explained):
    figure = explanation_figure(explained, LIGHT)
    assert {trace.xaxis for trace in figure.data} == {None}  # the first and only one
    assert {trace.yaxis for trace in figure.data} == {"y", "y2", "y3", "y4"}
    assert figure.layout.xaxis.range == (0, 2.0)
    assert {image.xref for image in figure.layout.images} == {"x"}


def test_lanes_do_not_overlap(explained):
    layout = explanation_figure(explained, LIGHT).layout
    axes = [layout.yaxis, layout.yaxis2, layout.yaxis3, layout.yaxis4]
    for above, below in itertools.pairwise(axes):
        assert below.domain[0] < below.domain[1] < above.domain[0]


def test_spectrogram_and_relevance_travel_as_images(explained):
    figure = explanation_figure(explained, DARK)
    assert len(figure.layout.images) == 2
    assert all(image.source.startswith("data:image/png") for image in figure.layout.images)
    assert not [trace for trace in figure.data if trace.type != "scatter"]


def test_the_slider_sets_the_opacity_of_the_relevance_only(explained):
    (slider,) = explanation_figure(explained, LIGHT).layout.sliders
    opacities = [step.args[0]["images[1].opacity"] for step in slider.steps]
    assert opacities[0] == 0 and opacities[-1] == 1 and slider.active == len(opacities) - 1


def test_colours_of_signed_relevance_are_centred_on_zero(explained):
    figure = explanation_figure(explained, LIGHT)
    (bar,) = [trace.marker for trace in figure.data if trace.marker.showscale]
    assert bar.cmin == -bar.cmax


def test_relevance_over_time_is_that_of_the_explanation(explained):
    figure = explanation_figure(explained, LIGHT)
    (curve,) = [trace for trace in figure.data if trace.name == "Relevance"]
    expected = explained.explanation.over_time(0.02).relevance
    np.testing.assert_allclose(curve.y, expected, rtol=1e-5)
    assert curve.x0 == pytest.approx(0.01) and curve.dx == 0.02


def test_evidence_is_drawn_where_the_model_has_some(explained):
    figure = explanation_figure(explained, LIGHT)
    (curve,) = [trace for trace in figure.data if trace.name == "Evidence"]
    np.testing.assert_allclose(curve.y, explained.evidence_curve.values, rtol=1e-5)


def test_known_stretches_are_marked_and_named():
    clip = clip_from_samples(hybrid(), RATE, "hybrid")
    figure = clip_figure(clip, LIGHT, [STRETCH])
    (box,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (box.x0, box.x1) == (0.5, 1.0)
    assert "synthetic" in [note.text for note in figure.layout.annotations]
