"""Explanations that are written down, of clips that are tones or noise."""

import numpy as np
import torch

from explainers.explanation import Explanation


def explanation(relevance, rate, seconds=None, **more):
    """On samples, unless `more` says otherwise."""
    given = {
        "domain": "waveform",
        "sample_rate": rate,
        "seconds": len(relevance) / rate if seconds is None else seconds,
        "target": "spoof",
        "score": 0.0,
        "method": "written-down",
        "signed": True,
        **more,
    }
    return Explanation(relevance=np.asarray(relevance, dtype=np.float64), **given)


def of_band(waveform, low, high, rate):
    """What the energy between two frequencies is made of, sample by sample: x times (B x)."""
    bins = np.fft.rfft(waveform.double().numpy())
    hertz = np.fft.rfftfreq(len(waveform), 1 / rate)
    passed = np.fft.irfft(bins * ((hertz >= low) & (hertz < high)), n=len(waveform))
    activation = waveform.double().numpy()
    return explanation(activation * passed, rate, activation=activation, coefficient=passed)


def tones(amplitudes, rate=16000, seconds=0.5):
    """The sum of cosines, by frequency in Hz."""
    times = torch.arange(int(seconds * rate), dtype=torch.float64) / rate
    waves = [amount * torch.cos(2 * torch.pi * hz * times) for hz, amount in amplitudes.items()]
    return torch.stack(waves).sum(dim=0).float()


def level(waveform, hertz, rate=16000):
    """The amplitude of one frequency in the middle half of a clip, free of its ends."""
    quarter = len(waveform) // 4
    middle = waveform[quarter : 3 * quarter].double().numpy()
    window = np.hanning(len(middle))
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / rate)
    return 2 * abs((middle * window * turning).sum()) / window.sum()
