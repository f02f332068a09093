import subprocess
import sys

import numpy as np
import pytest
import soundfile

RATE = 8000
MINUTES = (10, 10, 120)  # twice the same: the first also fills what libraries keep

# The function is so cheap that reading, cutting and looking at windows is all there is.
SCRIPT = """
import sys
import torch
from xaudio.classifiers import Classifier
from xaudio.long_recordings import scored

torch.set_num_threads(1)

def forward(waveform):
    level = waveform.abs().mean(1)
    return torch.stack([level, -level], 1)

def largest():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

classifier = Classifier(forward, "level", 11025, ("spoof", "bonafide"))
for path in sys.argv[1:]:
    print(len(scored(path, classifier, hop=10.0)), largest())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_two_hours_take_no_more_memory_than_ten_minutes(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * RATE)
    paths = {minutes: tmp_path / f"{minutes}.wav" for minutes in MINUTES}
    for minutes, path in paths.items():
        with soundfile.SoundFile(path, "w", RATE, 1, "ULAW") as file:
            for _ in range(minutes):
                file.write(noise)
    words = [sys.executable, "-c", SCRIPT, *(str(paths[minutes]) for minutes in MINUTES)]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    _, (few, short), (many, long) = [map(int, line.split()) for line in lines]
    assert (few, many) == (61, 721)
    assert long - short < 3000, f"{(long - short) / 1000:.1f} MB more for two hours"
