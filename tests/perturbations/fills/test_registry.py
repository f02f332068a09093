"""What every registered fill must do."""

import pytest
import torch

from perturbations.errors import CorruptionError
from perturbations.fills import fills
from tests.perturbations.signals import keys, sine, speech_like

FROM_NEIGHBOURS = ("linear-prediction", "reversed", "shuffled", "spectral-interpolation")
RANDOM = ("linear-prediction", "matched-noise", "shuffled", "spectral-interpolation", "white-noise")
STRETCHES = [(0, 700), (1_600, 1_601), (1_601, 4_800), (7_000, 8_000)]
every_fill = pytest.mark.parametrize("name", fills.names())
every_neighbour_fill = pytest.mark.parametrize("name", FROM_NEIGHBOURS)


def fill(name, clips, stretches=STRETCHES, sample_rate=16_000, repeat=0):
    return fills.get(name)(clips, sample_rate, keys(len(clips), repeat), stretches)


def test_the_fills_there_are():
    assert fills.names() == (
        "band-stop",
        "linear-prediction",
        "matched-noise",
        "mean",
        "reversed",
        "shuffled",
        "spectral-interpolation",
        "white-noise",
        "zeros",
    )
    assert fills.group == "xaudio.fills"
    with pytest.raises(CorruptionError, match="matched-noise, mean"):
        fills.get("pink")


@every_fill
def test_a_fill_has_the_clips_shape_and_leaves_the_clips_alone(name):
    clips = speech_like(3, 0.5)
    before = clips.clone()
    filled = fill(name, clips)
    assert filled.shape == clips.shape
    assert filled.dtype == torch.float32
    assert torch.isfinite(filled).all()
    assert torch.equal(clips, before)
    assert filled.abs().max() < 3 * clips.abs().max()


@every_fill
def test_what_is_random_comes_from_the_key_alone(name):
    clips = speech_like(3, 0.5)
    filled = fill(name, clips)
    assert torch.equal(fill(name, clips), filled)
    other = fill(name, clips, repeat=1)
    masked = torch.cat([torch.arange(start, stop) for start, stop in STRETCHES])
    if name in RANDOM:
        assert (filled - other)[:, masked].abs().amax(dim=1).min() > 1e-3
    else:
        assert torch.equal(filled, other)


@every_fill
def test_a_clip_is_filled_alike_alone_and_in_any_batch(name):
    clips = speech_like(3, 0.5)
    filled = fill(name, clips)
    for row, key in enumerate(keys(3)):
        alone = fills.get(name)(clips[row : row + 1], 16_000, [key], STRETCHES)
        torch.testing.assert_close(alone[0], filled[row], rtol=0, atol=1e-6)


@every_fill
@pytest.mark.parametrize("sample_rate", [4_000, 48_000])
@pytest.mark.parametrize(
    ("length", "stretches"),
    [
        (1, []),
        (1, [(0, 1)]),
        (2, [(0, 1)]),
        (2, [(1, 2)]),
        (2, [(0, 1), (1, 2)]),
        (3, [(1, 2)]),
        (500, []),
        (500, [(0, 500)]),
        (500, [(1, 500)]),
        (500, [(0, 499)]),
        (500, [(3, 4), (4, 5), (100, 400)]),
    ],
)
def test_the_shortest_and_the_longest(name, sample_rate, length, stretches):
    noise = 0.1 * torch.randn(1, length, generator=torch.Generator().manual_seed(1))
    clips = torch.cat([torch.zeros(1, length), torch.ones(1, length), noise])
    filled = fill(name, clips, stretches, sample_rate)
    assert filled.shape == clips.shape
    assert torch.isfinite(filled).all()
    assert (filled[0] == 0).all()
    assert filled[1].abs().max() < 5
    assert filled[2].abs().max() < 5 * noise.abs().max()


@every_neighbour_fill
def test_nothing_outside_the_stretches_changes(name):
    clips = speech_like(2, 0.5)
    filled = fill(name, clips)
    outside = torch.ones(clips.shape[1], dtype=torch.bool)
    for start, stop in STRETCHES:
        outside[start:stop] = False
        assert not torch.equal(filled[:, start:stop], clips[:, start:stop])
    assert torch.equal(filled[:, outside], clips[:, outside])


@every_neighbour_fill
def test_a_stretch_is_filled_alike_whatever_else_goes(name):
    clips = speech_like(2, 0.5)
    filled = fill(name, clips)
    for start, stop in STRETCHES:
        alone = fill(name, clips, [(start, stop)])
        torch.testing.assert_close(alone[:, start:stop], filled[:, start:stop], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", sorted({*RANDOM} & {*FROM_NEIGHBOURS}))
def test_no_two_stretches_share_their_noise(name):
    clip = speech_like(1, 0.5).repeat(1, 3)
    filled = fill(name, clip, [(9_000, 11_000), (17_000, 19_000)])[0]
    assert (filled[9_000:11_000] - filled[17_000:19_000]).abs().max() > 1e-2


@every_neighbour_fill
def test_what_is_taken_away_leaves_no_trace(name):
    clips = speech_like(1, 0.5)
    others = clips.clone()
    others[:, 1_601:4_800] = 0.3
    stretches = [(1_601, 4_800)]
    assert torch.equal(fill(name, clips, stretches), fill(name, others, stretches))


@every_neighbour_fill
@pytest.mark.parametrize("stretch", [(3_000, 3_001), (3_000, 3_040), (3_000, 5_000)])
def test_a_fill_meets_the_clip_without_a_click(name, stretch):
    clip = sine(200, 0.5)
    start, stop = stretch
    filled = fill(name, clip, [stretch])[0]
    steepest = clip.diff().abs().max()
    assert (filled[start] - filled[start - 1]).abs() < 2.1 * steepest
    assert (filled[stop] - filled[stop - 1]).abs() < 2.1 * steepest


@every_neighbour_fill
def test_the_whole_clip_has_no_neighbours(name):
    clips = speech_like(2, 0.3)
    assert (fill(name, clips, [(0, clips.shape[1])]) == 0).all()
    two = fill(name, clips, [(0, 2_000), (2_000, clips.shape[1])])
    assert two.square().mean() > 0


@every_neighbour_fill
def test_the_level_and_the_spectrum_of_noise_are_kept(name):
    from scipy.signal import freqz, lfilter

    # two resonances, at 800 and 3000 Hz
    poles = [0.97, 0.95] * torch.exp(2j * torch.pi * torch.tensor([800, 3_000]) / 16_000).numpy()
    recursion = torch.tensor([1.0], dtype=torch.float64).numpy()
    for pole in poles:
        recursion = _times(recursion, [1.0, -2 * pole.real, abs(pole) ** 2])
    white = torch.randn(4, 96_000, generator=torch.Generator().manual_seed(3)).double().numpy()
    clips = torch.from_numpy(lfilter([0.01], recursion, white)).float()
    stretches = [(start, start + 1_600) for start in range(2_400, 92_000, 4_800)]
    filled = fill(name, clips, stretches)
    gaps = torch.stack([filled[:, start:stop] for start, stop in stretches])
    level = gaps.square().mean() / clips.square().mean()
    assert abs(10 * torch.log10(level)) < 0.6
    window = torch.hann_window(1_600)
    power = torch.fft.rfft(gaps * window).abs().square().mean(dim=(0, 1))[:800]
    power = power.reshape(40, 20).mean(dim=1) / window.square().sum()
    response = freqz([0.01], recursion, worN=800)[1]
    expected = torch.from_numpy(abs(response) ** 2).reshape(40, 20).mean(dim=1)
    heard = expected > 1e-3 * expected.max()
    assert (10 * torch.log10(power / expected))[heard].abs().max() < 2.5


def _times(one, other):
    import numpy as np

    return np.polymul(one, other)


@pytest.mark.parametrize(
    "stretches", [[(-1, 5)], [(5, 5)], [(8, 5)], [(0, 101)], [(0, 5), (4, 9)], [(5, 9), (0, 2)]]
)
@every_fill
def test_stretches_that_are_none(name, stretches):
    with pytest.raises(CorruptionError, match="start before stop"):
        fill(name, torch.zeros(1, 100), stretches)


@every_fill
def test_clips_that_are_none(name):
    clip = torch.zeros(1, 100)
    with pytest.raises(CorruptionError, match="one key per clip"):
        fills.get(name)(clip, 16_000, keys(2), [])
    with pytest.raises(CorruptionError, match="NaN"):
        fills.get(name)(clip / 0, 16_000, keys(1), [])
    with pytest.raises(CorruptionError, match="sample rate"):
        fills.get(name)(clip, 0, keys(1), [])
