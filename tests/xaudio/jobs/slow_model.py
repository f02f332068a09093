"""A detector that takes its time, so that a test sees a sweep at work."""

import time

from tests.xaudio.sweeps.small import RATE, Loudness


class SlowLoudness(Loudness):
    """As its parent, a twentieth of a second later."""

    labels = ("spoof", "bonafide")
    sample_rate = RATE

    def forward(self, waveform):
        time.sleep(0.05)
        return super().forward(waveform)


def slow_loudness() -> SlowLoudness:
    return SlowLoudness()
