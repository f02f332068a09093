import numpy as np
import torch

from tests.xaudio.datasets.voices import voice
from xaudio.models.lcnn import LCNN, lcnn
from xaudio.training.examples import Material, Utterance
from xaudio.training.loop import detector_loss, save_weights, train_detector
from xaudio.training.recipe import Recipe


def easy_material():
    """Copies that anybody could tell: the human voice with a strong high tone in it."""
    utterances = []
    for number in range(4):
        human = voice(3.0, seed=number, pitch=100 + 20 * number)
        tone = 0.1 * np.sin(2 * np.pi * 3000 * np.arange(len(human)) / 16000)
        gated = tone * (np.arange(len(human)) % 1600 < 800)
        utterances.append(Utterance(f"s{number}", human, {"toy": (human + gated).astype("f4")}))
    return Material(tuple(utterances), {})


def test_training_learns_clips_and_frames_and_is_repeatable(tmp_path):
    recipe = Recipe(epochs=5, examples=64, batch=8, seconds=1.5, seed=1, learning_rate=5e-4)
    losses = []
    model = train_detector(
        easy_material(), recipe, lambda _epoch, _epochs, loss: losses.append(loss), workers=0
    )
    assert losses[-1] < 0.5 * losses[0]
    for utterance in easy_material().utterances:
        pair = torch.from_numpy(np.stack([utterance.human, utterance.copies["toy"]]))
        human, copy = model(pair)[:, 0]
        assert copy > human + 1.0
    assert not model.training
    again = train_detector(easy_material(), recipe, workers=0)
    assert all(
        torch.equal(one, other)
        for one, other in zip(model.state_dict().values(), again.state_dict().values(), strict=True)
    )
    loaded = lcnn(save_weights(model, tmp_path)).module
    waveform = torch.randn(1, 16000)
    assert torch.equal(loaded(waveform), model(waveform))


def test_the_loss_asks_clips_and_frames():
    torch.manual_seed(0)
    model = LCNN().eval()
    waveform = 0.1 * torch.randn(2, 16000)
    nothing, half = torch.zeros(2, 100), torch.zeros(2, 100)
    half[:, :50] = 1.0
    evidence = model.evidence(waveform)
    pooled = torch.logsumexp(evidence, 1) - np.log(evidence.shape[1])
    expected = torch.nn.functional.softplus(pooled).mean()
    assert torch.isclose(detector_loss(model, waveform, nothing, 0.0), expected, atol=1e-5)
    frames = torch.nn.functional.softplus(evidence).mean()
    assert torch.isclose(detector_loss(model, waveform, nothing, 1.0), expected + frames, atol=1e-5)
    marked = torch.nn.functional.softplus(-pooled).mean()
    assert torch.isclose(detector_loss(model, waveform, half, 0.0), marked, atol=1e-5)
