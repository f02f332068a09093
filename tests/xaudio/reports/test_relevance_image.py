import numpy as np
import pytest

from explainers.explanation import Explanation
from xaudio.reports.relevance_image import relevance_image, relevance_pixels

RATE = 8000


def on_samples(relevance: np.ndarray, signed: bool = True, **more: np.ndarray) -> Explanation:
    return Explanation(
        relevance=relevance,
        domain="waveform",
        sample_rate=RATE,
        seconds=len(relevance) / RATE,
        target="spoof - bonafide",
        score=1.0,
        method="made-up",
        signed=signed,
        **more,
    )


def test_relevance_without_frequency_is_one_row_and_keeps_its_total():
    explanation = on_samples(np.random.default_rng(0).normal(size=RATE))
    image = relevance_image(explanation, step=0.02)
    assert image.values.shape == (1, 50)
    assert image.values.sum() == pytest.approx(explanation.total)
    assert image.frequency_edges.tolist() == [0, RATE / 2]


def test_activation_times_coefficient_is_shown_at_its_frequency():
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    explanation = on_samples(wave * wave, activation=wave, coefficient=wave)
    image = relevance_image(explanation, bands=40)
    row = int(image.values.sum(axis=1).argmax())
    assert image.frequency_edges[row] <= 1000 <= image.frequency_edges[row + 1]
    assert image.values.sum() == pytest.approx(explanation.total, rel=1e-5)


def test_occlusion_of_whole_bands_has_no_frequency_axis_but_patches_have():
    boxes = np.array([[0.0, 0.5, 0.0, 4000.0], [0.5, 1.0, 0.0, 4000.0]])
    common = {
        "domain": "segments",
        "sample_rate": RATE,
        "seconds": 1.0,
        "target": "spoof",
        "score": 1.0,
        "method": "made-up",
        "signed": True,
    }
    whole = Explanation(relevance=np.array([1.0, 2.0]), segments=boxes, **common)
    assert relevance_image(whole).values.shape[0] == 1
    boxes = boxes.copy()
    boxes[0, 3] = 2000.0
    patches = Explanation(relevance=np.array([1.0, 2.0]), segments=boxes, **common)
    image = relevance_image(patches, step=0.5, bands=2)
    assert image.values.tolist() == [[1.0, 1.0], [0.0, 1.0]]


def test_signed_colours_are_centred_at_zero_and_opposite_ends_differ():
    values = np.repeat([-1.0, 0.0, 1.0], RATE // 50)
    image = relevance_image(on_samples(values), step=0.02)
    assert image.low == -image.limit
    against, nothing, in_favour = relevance_pixels(image)[0]
    assert nothing[3] == 0
    assert against[3] == in_favour[3] > 0
    assert in_favour[0] > in_favour[2]
    assert against[2] > against[0]


def test_strength_without_sign_starts_at_zero():
    image = relevance_image(on_samples(np.abs(np.ones(RATE)), signed=False))
    assert image.low == 0.0


def test_no_relevance_at_all_is_an_empty_picture():
    image = relevance_image(on_samples(np.zeros(RATE)))
    assert not relevance_pixels(image)[..., 3].any()


def test_low_frequencies_lie_at_the_bottom():
    wave = np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    image = relevance_image(on_samples(wave * wave, activation=wave, coefficient=wave))
    rows = relevance_pixels(image)[..., 3].mean(axis=1)
    assert rows.argmax() > 0.9 * len(rows)
