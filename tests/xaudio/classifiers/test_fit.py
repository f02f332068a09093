import pytest
import torch

from xaudio.classifiers.fit import AnyLength, Crop, Pad, Tile, Windows, parse_fit
from xaudio.errors import ModelError

CLIP = torch.arange(1.0, 8.0)[None]


@pytest.mark.parametrize(
    ("fit", "inputs"),
    [
        (AnyLength(), [[1, 2, 3, 4, 5, 6, 7]]),
        (AnyLength(9), [[1, 2, 3, 4, 5, 6, 7, 0, 0]]),
        (Tile(4), [[1, 2, 3, 4]]),
        (Tile(16), [[1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 2]]),
        (Pad(4), [[1, 2, 3, 4]]),
        (Pad(8), [[1, 2, 3, 4, 5, 6, 7, 0]]),
        (Crop(3), [[3, 4, 5]]),
        (Crop(7), [[1, 2, 3, 4, 5, 6, 7]]),
        (Windows(3, 2), [[1, 2, 3], [3, 4, 5], [5, 6, 7]]),
        (Windows(4, 2), [[1, 2, 3, 4], [3, 4, 5, 6], [4, 5, 6, 7]]),
        (Windows(9, 4), [[1, 2, 3, 4, 5, 6, 7, 1, 2]]),
    ],
)
def test_inputs(fit, inputs):
    assert fit.inputs(CLIP).tolist() == inputs


def test_windows_of_a_batch_return_to_their_clips():
    clips = torch.stack([torch.arange(7.0), 10 + torch.arange(7.0)])
    inputs = Windows(3, 2).inputs(clips)
    means = inputs.mean(dim=1, keepdim=True)
    assert Windows(3, 2).merge(means, 2).tolist() == [[3.0], [13.0]]


@pytest.mark.parametrize("fit", [AnyLength(9), Tile(20), Pad(9), Crop(7), Windows(3, 2)])
def test_gradients_arrive_on_every_sample_that_is_used(fit):
    clip = CLIP.clone().requires_grad_()
    fit.inputs(clip).sum().backward()
    assert (clip.grad >= 1).all()


def test_a_clip_too_short_to_crop_is_refused():
    with pytest.raises(ModelError, match="7 samples was given to a model that crops to 8"):
        Crop(8).inputs(CLIP)


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("any", AnyLength()),
        ("any:400", AnyLength(400)),
        ("tile:64600", Tile(64600)),
        ("pad:9", Pad(9)),
        ("crop:9", Crop(9)),
        ("windows:8", Windows(8, 4)),
        ("windows:8:2", Windows(8, 2)),
    ],
)
def test_fits_from_text(text, fit):
    assert parse_fit(text) == fit


@pytest.mark.parametrize("text", ["", "tile", "tile:0", "tile:-4", "tile:a", "pad:1:2", "fold:9"])
def test_text_that_is_no_fit_is_refused(text):
    with pytest.raises(ModelError, match="is no fit; use any, tile:N"):
        parse_fit(text)
