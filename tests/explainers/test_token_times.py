import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.attention_maps import by_clip
from explainers.errors import ExplanationError
from explainers.token_times import TokenTimes, find_token_times, first_values, lay_out, listening
from tests.explainers.attention_models import Looking
from tests.explainers.small_models import noise

SAMPLES = 2400
CLIP = torch.zeros(1, SAMPLES)


class Patches(nn.Module):
    """Bands of a spectrogram of 24 frames as tokens, two class tokens in front, then attention."""

    def __init__(self, arrange, class_tokens=2, bands=3):
        super().__init__()
        self.arrange = arrange
        random = torch.Generator().manual_seed(0)
        self.register_buffer("bases", torch.randn(bands, 100, 8, generator=random))
        self.register_buffer("front", torch.randn(class_tokens, 8, generator=random))
        self.eval()

    def forward(self, waveform):
        patches = torch.einsum("bts,fsd->bftd", waveform.unfold(1, 100, 100), self.bases)
        tokens = self.arrange(patches)
        tokens = torch.cat([self.front.expand(len(tokens), -1, -1), tokens], dim=1)
        return F.scaled_dot_product_attention(tokens, tokens, tokens).mean(dim=1)[:, :2]


def rows_of_time(patches):
    return patches.flatten(1, 2)


def bands_at_each_time(patches):
    return patches.transpose(1, 2).flatten(1, 2)


def first_band_alone(patches):
    return patches[:, 0]


def filled_to_60_frames(patches):
    return F.pad(patches, (0, 0, 0, 36)).flatten(1, 2)


def scrambled(patches):
    order = torch.randperm(72, generator=torch.Generator().manual_seed(1))
    return patches.flatten(1, 2)[:, order]


def backwards(patches):
    return patches[:, 0].flip(1)


@pytest.mark.parametrize(
    ("arrange", "columns", "edges"),
    [
        (rows_of_time, list(range(24)) * 3, np.arange(25) / 24),
        (bands_at_each_time, np.repeat(range(24), 3), np.arange(25) / 24),
        (first_band_alone, range(24), np.arange(25) / 24),
        (filled_to_60_frames, list(range(60)) * 3, np.arange(61) / 24),
    ],
)
def test_the_order_of_patches_is_found(arrange, columns, edges):
    times = find_token_times(Patches(arrange), CLIP)
    np.testing.assert_array_equal(times.columns, [-1, -1, *columns])
    np.testing.assert_allclose(times.edges, edges, rtol=1e-9)
    assert times.class_tokens == 2


@pytest.mark.parametrize("arrange", [scrambled, backwards])
def test_tokens_in_no_known_order_are_refused(arrange):
    with pytest.raises(ExplanationError, match="do not follow time"):
        find_token_times(Patches(arrange), CLIP)


class Whole(nn.Module):
    """Every token hears all of the clip."""

    def __init__(self):
        super().__init__()
        random = torch.Generator().manual_seed(0)
        self.register_buffer("bases", torch.randn(SAMPLES, 12, 8, generator=random))

    def forward(self, waveform):
        tokens = torch.einsum("bs,std->btd", waveform, self.bases)
        return F.scaled_dot_product_attention(tokens, tokens, tokens).mean(dim=1)


def test_tokens_that_hear_everything_are_refused():
    with pytest.raises(
        ExplanationError, match=r"do not follow time|moments of the clip"
    ) as refusal:
        find_token_times(Whole(), CLIP)
    assert "Use a method" in str(refusal.value)


class Cut(nn.Module):
    """Only the first 1200 samples are looked at."""

    def __init__(self):
        super().__init__()
        self.module = Looking().float()

    def forward(self, waveform):
        return self.module(waveform[:, :1200])


def test_what_is_cut_off_belongs_to_no_token():
    times = find_token_times(Cut(), CLIP)
    assert times.edges[0] == 0
    assert times.edges[-1] == pytest.approx(0.5, abs=0.01)


class LoudestFirst(nn.Module):
    """Filled with silence whose features are as far below the loudest moment as Whisper's."""

    def forward(self, waveform):
        power = F.pad(waveform, (0, 3 * SAMPLES)).unfold(1, 100, 100).unflatten(2, (10, 10))
        levels = power.square().sum(dim=3).clamp(min=1e-10).log10()
        levels = torch.maximum(levels, levels.amax(dim=(1, 2), keepdim=True) - 8)
        return F.scaled_dot_product_attention(levels, levels, levels).mean(dim=1)


def test_silence_that_follows_the_loudest_moment_is_padding():
    times = find_token_times(LoudestFirst(), CLIP)
    np.testing.assert_allclose(times.edges, np.arange(97) / 24, rtol=1e-9)


def test_listening_is_where_the_patches_are():
    module = Patches(first_band_alone)
    strengths, places = listening(lambda one: by_clip(first_values(module, one), 1)[0], CLIP)
    assert (strengths[:, :2] == 0).all() and (strengths[:, 2:] > 0).all()
    np.testing.assert_allclose(places[:, 2:].mean(axis=0), (np.arange(24) + 0.5) / 24, atol=0.01)


def test_centres_drawn_together_by_the_surroundings_still_fill_the_clip():
    places = np.tile(0.05 + 0.9 * (np.arange(20) + 0.5) / 20, (3, 1))
    times = lay_out(np.ones((3, 20)), places)
    np.testing.assert_allclose(times.edges, np.arange(21) / 20)


@pytest.mark.parametrize("lost", [0, 19])
def test_a_token_without_a_steady_place_at_either_end_belongs_to_the_clip(lost):
    places = np.tile((np.arange(20) + 0.5) / 20, (3, 1))
    places[:, lost] = [0.1, 0.5, 0.9]
    times = lay_out(np.ones((3, 20)), places)
    np.testing.assert_array_equal(times.columns, range(20))
    np.testing.assert_allclose(times.edges, np.arange(21) / 20)


def test_a_grid_that_fits_little_better_than_a_sequence_is_none():
    within = 0.45 * (np.arange(20) % 2 - 0.5) / 20
    places = (np.arange(20) // 2 + 0.5) / 10 + within
    times = lay_out(np.ones((3, 20)), np.tile(places, (3, 1)))
    np.testing.assert_array_equal(times.columns, range(20))


def test_relevance_lands_on_the_samples_of_its_column():
    times = TokenTimes(np.array([-1, 0, 1, 0, 1]), np.array([0.0, 0.5, 1.5]))
    found = times.on_samples(np.array([[9.0, 1.0, 2.0, 3.0, 6.0]]), 4)
    # Half of the second column lies beyond the clip.
    np.testing.assert_allclose(found, [[2.0, 2.0, 2.0, 2.0]])


def test_a_module_without_attention_is_refused():
    with pytest.raises(ExplanationError, match="No attention"):
        first_values(nn.Identity(), noise(1, 10))
