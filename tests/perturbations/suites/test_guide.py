"""What the guide to corruptions shows works as it stands there."""

import re
from pathlib import Path

import pytest
import torch

from perturbations.corruption import corruptions
from perturbations.suites import load_suite
from xaudio.audio import write_audio

GUIDE = Path(__file__).parents[3] / "docs" / "corruptions.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_suite_can_be_read(tmp_path):
    (suite,) = blocks("yaml")
    file = tmp_path / "our-call-centre.yaml"
    file.write_text(suite)
    assert [each.name for each in load_suite(file).conditions] == [
        "white-noise",
        "through-a-mobile-phone",
    ]


@pytest.mark.parametrize("number", range(3))
def test_the_code_runs(tmp_path, monkeypatch, number):
    monkeypatch.chdir(tmp_path)
    waveform = 0.1 * torch.randn(1, 16_000, generator=torch.Generator().manual_seed(0))
    write_audio(tmp_path / "message.wav", waveform[0].numpy(), 16_000)
    corruptions.names()  # all are there before one is added to the copy
    monkeypatch.setattr(corruptions, "_entries", dict(corruptions._entries))
    exec(blocks("python")[number], {"waveform": waveform, "__name__": "guide"})
