import numpy as np

from xaudio.reports.envelope import envelope


def test_the_envelope_keeps_every_peak():
    samples = np.random.default_rng(0).normal(size=100_003)
    low, high, width = envelope(samples, most_columns=500)
    assert len(low) == len(high) <= 500
    for column in range(len(low)):
        part = samples[column * width : (column + 1) * width]
        assert (low[column], high[column]) == (part.min(), part.max())


def test_a_short_clip_is_drawn_sample_by_sample():
    samples = np.array([0.1, -0.2, 0.3])
    low, high, width = envelope(samples)
    assert width == 1 and (low == samples).all() and (high == samples).all()
