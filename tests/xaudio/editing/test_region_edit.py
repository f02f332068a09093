import numpy as np
import pytest

from tests.xaudio.editing.boxes import box
from xaudio.audio import Clip, clip_from_samples
from xaudio.editing import RegionEdit, edited, edited_in_order
from xaudio.errors import AudioError

RATE = 16000
TIMES = np.arange(2 * RATE) / RATE
INSIDE = slice(round(0.55 * RATE), round(0.95 * RATE))  # of 0.5 to 1.0 s, without the edges
HOWS = ("mute", "keep", "noise", "replace")


def tone(hertz: float, amplitude: float = 0.2) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * TIMES)


def three_tones() -> Clip:
    return clip_from_samples(tone(500) + tone(2000) + tone(5000), RATE, "tones")


def noise(seed: int = 0, level: float = 0.1) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal(2 * RATE)


def amplitude(samples: np.ndarray, hertz: float) -> float:
    """Of a sine in the samples, by projection; independent of any transform of ours."""
    times = np.arange(len(samples)) / RATE
    return 2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * times)))


def decibels(ratio: float) -> float:
    return 20 * np.log10(max(ratio, 1e-12))


def level(samples: np.ndarray, low: float, high: float) -> float:
    """RMS of what lies between two frequencies, by one Fourier transform of all samples."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    inside = (hertz >= low) & (hertz < high)
    return np.sqrt(2 * np.sum(np.abs(spectrum[inside]) ** 2)) / len(samples)


@pytest.mark.parametrize("how", ["mute", "noise", "replace"])
@pytest.mark.parametrize("region", [box(0.5, 1.0), box(0.5, 1.0, 1500, 2500)])
def test_what_lies_before_and_after_stays_to_the_last_bit(how, region):
    clip = clip_from_samples(noise(), RATE)
    changed = edited(clip, RegionEdit(region, how)).samples
    first, stop = round(0.5 * RATE), RATE
    assert np.array_equal(changed[:first], clip.samples[:first])
    assert np.array_equal(changed[stop:], clip.samples[stop:])
    assert np.abs(changed[first:stop] - clip.samples[first:stop]).max() > 0.01


def test_muting_all_bands_is_silence_but_for_edges_of_five_milliseconds():
    clip = three_tones()
    changed = edited(clip, RegionEdit(box(0.5, 1.0), "mute")).samples
    edge = round(0.005 * RATE)
    assert not changed[8000 + edge : 16000 - edge].any()
    rising = np.sin(np.pi / 2 * (np.arange(edge) + 0.5) / edge) ** 2
    expected = clip.samples[8000 : 8000 + edge] * (1 - rising)
    np.testing.assert_allclose(changed[8000 : 8000 + edge], expected, atol=1e-6)


def test_muting_a_band_takes_its_tone_and_no_other():
    changed = edited(three_tones(), RegionEdit(box(0.5, 1.0, 1500, 2500), "mute")).samples
    assert decibels(amplitude(changed[INSIDE], 2000) / 0.2) < -55
    for kept in (500, 5000):
        assert amplitude(changed[INSIDE], kept) == pytest.approx(0.2, abs=2e-4)
    expected = (tone(500) + tone(5000))[INSIDE]
    np.testing.assert_allclose(changed[INSIDE], expected, atol=5e-4)


def test_what_is_cut_out_stays_within_its_band():
    """White noise: beyond 200 Hz from the band, what changed is 45 dB below what was cut out."""
    clip = clip_from_samples(noise(), RATE)
    changed = edited(clip, RegionEdit(box(0.5, 1.0, 2000, 3000), "mute")).samples
    cut = clip.samples - changed
    outside = np.hypot(level(cut, 0, 1800), level(cut, 3200, 8000))
    assert decibels(outside / level(cut, 2000, 3000)) < -45
    window = np.hanning(6400)  # without it, what lies beside the band leaks into it
    left, gone = (window * one[8800:15200] for one in (changed, cut))
    assert decibels(level(left, 2100, 2900) / level(gone, 2100, 2900)) < -50


def test_what_is_kept_and_what_is_muted_add_up_to_the_clip():
    clip = clip_from_samples(noise(), RATE)
    for region in (box(0.5, 1.0), box(0.3, 2.0, 700, 900), box(0, 2, 4000, 8000)):
        kept = edited(clip, RegionEdit(region, "keep")).samples
        muted = edited(clip, RegionEdit(region, "mute")).samples
        np.testing.assert_allclose(kept + muted, clip.samples, atol=1e-6)


def test_keeping_a_band_leaves_its_tone_alone():
    kept = edited(three_tones(), RegionEdit(box(0.5, 1.0, 1500, 2500), "keep")).samples
    assert not kept[:8000].any() and not kept[16000:].any()
    np.testing.assert_allclose(kept[INSIDE], tone(2000)[INSIDE], atol=5e-4)


@pytest.mark.parametrize("band", [(0, 8000), (1500, 2500), (0, 300), (7000, 8000)])
def test_noise_is_as_loud_as_what_was_there_and_in_its_band(band):
    clip = clip_from_samples(noise() + tone(2000), RATE)
    region = box(0.5, 1.0, *band)
    muted = edited(clip, RegionEdit(region, "mute")).samples
    filled = edited(clip, RegionEdit(region, "noise")).samples
    there, instead = clip.samples - muted, filled - muted
    assert np.sqrt(np.sum(instead**2)) == pytest.approx(np.sqrt(np.sum(there**2)), rel=1e-3)
    assert level(instead, band[0] - 200, band[1] + 200) > 0.999 * level(instead, 0, 8001)
    assert abs(np.corrcoef(there, instead)[0, 1]) < 0.1


def test_noise_is_drawn_from_the_clip_and_the_seed():
    clip, edit = clip_from_samples(noise(), RATE), RegionEdit(box(0.5, 1.0), "noise")
    assert np.array_equal(edited(clip, edit).samples, edited(clip, edit).samples)
    assert not np.array_equal(edited(clip, edit).samples, edited(clip, edit, seed=1).samples)


def test_a_burst_is_replaced_by_what_lies_around_it():
    burst = np.where((TIMES >= 0.6) & (TIMES < 0.9), noise(1, 1.0), 0.0)
    clip = clip_from_samples(noise() + burst, RATE)
    changed = edited(clip, RegionEdit(box(0.58, 0.92), "replace")).samples
    assert clip.samples[9600:14400].std() > 0.9
    assert decibels(changed[9600:14400].std() / 0.1) == pytest.approx(0, abs=1.5)


def test_a_burst_in_a_band_is_replaced_in_that_band_only():
    burst = np.where((TIMES >= 0.6) & (TIMES < 0.9), tone(3000, 1.0), 0.0)
    clip = clip_from_samples(noise() + burst, RATE)
    changed = edited(clip, RegionEdit(box(0.58, 0.92, 2500, 3500), "replace")).samples
    inside = slice(9600, 14400)
    expected = level(clip.samples[:4800], 2600, 3400)
    assert decibels(level(changed[inside], 2600, 3400) / expected) == pytest.approx(0, abs=2)
    other = clip_from_samples(noise(), RATE).samples
    below = level(changed[inside] - other[inside], 0, 2300)
    assert decibels(below / level(other[inside], 0, 2300)) < -20


def test_a_band_of_the_whole_clip_is_replaced_from_the_bands_beside_it():
    clip = clip_from_samples(noise() + tone(3000, 1.0), RATE)
    changed = edited(clip, RegionEdit(box(0, 2, 2800, 3200), "replace")).samples
    assert level(clip.samples, 2850, 3150) > 10 * level(noise(), 2850, 3150)
    assert decibels(level(changed, 2850, 3150) / level(noise(), 2850, 3150)) == pytest.approx(
        0, abs=1.5
    )


def test_a_replaced_band_goes_from_the_level_below_it_to_that_above():
    loud_below = np.fft.irfft(
        np.fft.rfft(noise()) * np.where(np.fft.rfftfreq(2 * RATE, 1 / RATE) < 3000, 10.0, 1.0)
    )
    clip = clip_from_samples(0.1 * loud_below, RATE)
    changed = edited(clip, RegionEdit(box(0, 2, 2000, 4000), "replace")).samples
    steps = [level(changed, low, low + 300) for low in (2200, 2850, 3500)]
    assert steps[0] > 1.3 * steps[1] > 1.3 * 1.3 * steps[2]


def test_the_edges_do_not_click():
    """A low tone cut hard has energy at all frequencies; cut with our edges it has hardly any."""
    clip = clip_from_samples(tone(200, 0.5), RATE)
    region = box(0.50125, 1.00125)  # at a crest
    smooth = edited(clip, RegionEdit(region, "mute")).samples
    hard = clip.samples.copy()
    hard[round(0.50125 * RATE) : round(1.00125 * RATE)] = 0
    assert decibels(level(smooth, 3000, 8000) / level(hard, 3000, 8000)) < -35


def test_the_clips_own_ends_get_no_edge():
    changed = edited(three_tones(), RegionEdit(box(0, 2), "mute")).samples
    assert not changed.any()


def test_a_region_beyond_the_clip_is_cut_off():
    clip = clip_from_samples(noise(), RATE)
    beyond = edited(clip, RegionEdit(box(1.5, 9.0, 3000), "mute")).samples
    within = edited(clip, RegionEdit(box(1.5, 2.0, 3000, 8000), "mute")).samples
    assert np.array_equal(beyond, within)


def test_a_long_clip_is_edited_as_a_short_one():
    """The filter looks 20 ms around the region and no further."""
    samples = noise()
    edit = RegionEdit(box(0.5, 1.0, 1500, 2500), "mute")
    whole = edited(clip_from_samples(samples, RATE), edit).samples
    short = edited(clip_from_samples(samples[: round(1.2 * RATE)], RATE), edit).samples
    np.testing.assert_allclose(whole[: len(short)], short, atol=1e-6)


def test_the_chain_says_what_was_done_and_the_digest_stays():
    clip = three_tones()
    edits = [RegionEdit(box(0.5, 1.0), "mute"), RegionEdit(box(0, 2, 0, 300), "noise")]
    changed = edited_in_order(clip, edits)
    assert changed.digest == clip.digest
    assert changed.decode_chain[-2:] == (
        "0.500-1.000 s, 0-8000 Hz muted",
        "0.000-2.000 s, 0-300 Hz filled with noise as loud as what was there",
    )


def test_edits_are_made_in_order():
    clip = clip_from_samples(noise(), RATE)
    mute, keep = RegionEdit(box(0.5, 1.0), "mute"), RegionEdit(box(0.4, 0.6), "keep")
    one = edited(edited(clip, mute), keep).samples
    assert np.array_equal(edited_in_order(clip, [mute, keep]).samples, one)
    assert not one[8160:].any() and one[6500:7900].any()


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (box(2.5, 3.0), "outside"),
        (box(0, 1, 8000, 9000), "outside"),
        (box(0.5, 0.502), "too small"),
        (box(0.5, 1.0, 1000, 1010), "too small"),
    ],
)
@pytest.mark.parametrize("how", HOWS)
def test_a_region_that_cannot_be_edited_is_refused(region, reason, how):
    with pytest.raises(AudioError, match=reason):
        edited(three_tones(), RegionEdit(region, how))


def test_nothing_replaces_the_whole_clip():
    with pytest.raises(AudioError, match="whole clip"):
        edited(three_tones(), RegionEdit(box(0, 2), "replace"))


def test_an_unknown_way_is_refused():
    with pytest.raises(AudioError, match="mute, keep, noise, replace"):
        RegionEdit(box(0, 1), "shout")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("rate", [4000, 8000, 11025, 44100, 96000])
def test_every_rate_and_smallest_regions_can_be_edited(rate, how):
    samples = 0.1 * np.random.default_rng(0).standard_normal(rate)
    clip = clip_from_samples(samples, rate)
    for region in (box(0.5, 0.506, 1000, 1021), box(0, 0.3, 0, 50), box(0.9, 1, 1900, 2e5)):
        changed = edited(clip, RegionEdit(region, how)).samples
        assert np.isfinite(changed).all() and len(changed) == rate
        assert np.abs(changed).max() < 1.5
