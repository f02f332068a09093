import pickle

import librosa
import numpy as np
import pytest
import scipy.fft
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from xaudio.errors import ModelError
from xaudio.features import FEATURES, SpectralStatistics, mel_filter_bank

RATE = 16000
CLIPS = 0.1 * np.random.default_rng(0).normal(size=(5, 4000))

UNFIT_CHECKS = {
    "check_do_not_raise_errors_in_init_or_set_params": "types are checked while testing",
    "check_n_features_in": "clips of any length are taken",
    "check_n_features_in_after_fitting": "clips of any length are taken",
}


def test_it_is_a_transformer_as_scikit_learn_wants_them():
    check_estimator(SpectralStatistics(), expected_failed_checks=UNFIT_CHECKS, on_skip=None)


def test_mel_bands_are_librosas():
    theirs = librosa.filters.mel(sr=RATE, n_fft=512, n_mels=40, htk=True, norm=None)
    theirs /= theirs.sum(axis=1, keepdims=True)
    assert np.allclose(mel_filter_bank(40, 512, RATE).numpy(), theirs, atol=1e-6)


def test_coefficients_are_librosas():
    """Mean and deviation of MFCC, computed by librosa and SciPy from the same bank."""
    power = np.abs(
        librosa.stft(CLIPS[0], n_fft=512, win_length=320, hop_length=160, pad_mode="constant")
    )
    bands = np.log(mel_filter_bank(40, 512, RATE).double().numpy() @ power**2 + 1e-8)
    coefficients = scipy.fft.dct(bands, axis=0, norm="ortho")[:20]
    expected = np.concatenate([coefficients.mean(axis=1), coefficients.std(axis=1)])
    assert np.allclose(
        SpectralStatistics(RATE, "mfcc").transform(CLIPS[:1])[0], expected, atol=1e-4
    )


@pytest.mark.parametrize("features", FEATURES)
def test_columns_have_names_and_batches_change_nothing(features):
    statistics = SpectralStatistics(RATE, features, bands=12, coefficients=5)
    rows = statistics.fit_transform(CLIPS)
    names = statistics.get_feature_names_out()
    assert rows.shape == (5, len(names))
    assert len(set(names)) == len(names)
    assert names[0] == f"{features}_0_mean" and names[-1].endswith("_deviation")
    alone = clone(statistics).set_params(batch_size=1).transform(CLIPS)
    assert np.allclose(rows, alone, atol=1e-10)
    assert np.array_equal(pickle.loads(pickle.dumps(statistics)).transform(CLIPS), rows)


def test_a_steady_tone_lies_in_its_band_and_does_not_deviate():
    tone = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(RATE) / RATE)
    statistics = SpectralStatistics(RATE, "linear-bands", bands=31)  # centres every 250 Hz
    mean, deviation = np.split(statistics.transform(tone[None, 4000:12000])[0], 2)
    assert mean.argmax() == 11
    louder = statistics.transform(2 * tone[None, 4000:12000])[0]
    assert louder[11] - mean[11] == pytest.approx(np.log(4), abs=1e-6)
    assert deviation[11] < 0.2 < np.abs(mean[11])


def test_silence_has_the_floor_for_its_level():
    mean, deviation = np.split(SpectralStatistics(RATE, "mel-bands").transform(0 * CLIPS)[0], 2)
    assert np.allclose(mean, np.log(1e-8)) and not deviation.any()


def test_clips_of_different_lengths_are_a_list():
    statistics = SpectralStatistics(RATE)
    rows = statistics.fit_transform([CLIPS[0], CLIPS[1, :700]])
    assert np.allclose(rows[0], statistics.transform(CLIPS[:1])[0])
    assert np.allclose(rows[1], statistics.transform(CLIPS[1:2, :700])[0])
    pipeline = make_pipeline(statistics, LogisticRegression())
    clips = [one[: 4000 - 100 * i] for i, one in enumerate(CLIPS)]
    assert pipeline.fit(clips, ["a", "b", "a", "b", "a"]).predict([CLIPS[0]]).shape == (1,)
    with pytest.raises(ValueError, match="NaN"):
        statistics.transform([CLIPS[0], np.full(10, np.nan)])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": "chroma"}, "no features 'chroma'; there are: linear-bands"),
        ({"coefficients": 41}, "no more coefficients than bands"),
        ({"bands": 0}, "give one or more"),
        ({"window": 1e-5}, "a window needs two samples"),
        ({"hop": 0.0}, "and a hop one"),
        ({"floor": 0.0}, "above zero"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings, message):
    with pytest.raises(ModelError, match=message):
        SpectralStatistics(RATE, **settings).fit(CLIPS)


def test_single_precision_stays_single():
    clips = torch.from_numpy(CLIPS).float().numpy()
    assert SpectralStatistics(RATE).transform(clips).dtype == np.float32
