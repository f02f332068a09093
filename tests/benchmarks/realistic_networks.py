"""Networks at published sizes with random weights, for measuring speed and memory.

The reference networks of the tests are the same architectures made small; what they take as an
argument is given here, what they do not is built anew around the same forward pass.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from tests.explainers.lrp.networks import (
    audiomnist,
    conformer,
    ecapa,
    graph_attention,
    rawnet2,
    recurrent,
    resnet,
)
from tests.explainers.lrp.networks.frontends import FixedSinc, LogMel, squared_magnitude
from tests.explainers.lrp.networks.hugging_face import Logits
from tests.explainers.lrp.networks.weights import seeded
from xaudio.frontends import Framing, LinearFrequencyCepstrum
from xaudio.models.aasist import AASIST, FULL, INPUT_SAMPLES, LIGHT
from xaudio.models.lcnn import LCNN, LCNNShape

FOUR_SECONDS = 64000
MEL = {"bands": 80, "transform": 512, "hop": 160}


@dataclass(frozen=True)
class RealisticNetwork:
    """One network and what it listens to.

    Attributes:
        name: As in the table.
        build: Makes the module in eval mode, float32.
        shape: Of one clip that it takes.
        tags: "recurrent", "inplace", "signed" (its layers' inputs may be below zero) and "large"
            (measured one clip at a time, with fewer composites).
    """

    name: str
    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    tags: frozenset[str] = frozenset()

    def example(self, batch: int) -> Tensor:
        """A batch of white noise, the same each time."""
        return 0.1 * torch.randn(batch, *self.shape, generator=torch.Generator().manual_seed(0))


class AudioNet(audiomnist.AudioNet):
    """For 8000 samples."""

    def __init__(self):
        nn.Module.__init__(self)
        blocks: list[nn.Module] = []
        for number, (a, b) in enumerate(pairwise([1, 100, 64, 128, 128, 128, 128])):
            pool = nn.MaxPool1d(3, 2) if number == 0 else nn.MaxPool1d(2, 2)
            blocks += [nn.Conv1d(a, b, 3, padding=1), nn.ReLU(), pool]
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(128 * 124, 1024), nn.Dropout(0.5),
            nn.Linear(1024, 512), nn.Dropout(0.5), nn.Linear(512, 10),
        )  # fmt: skip


class AlexNet(audiomnist.AlexNet):
    """For spectrograms of 227 x 227."""

    def __init__(self):
        nn.Module.__init__(self)
        self.features = nn.Sequential(
            nn.Conv2d(1, 96, 11, stride=4), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        )  # fmt: skip
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, 10)


class RawNet2(rawnet2.RawNet2):
    """As the baseline of ASVspoof 2021: 20 filters of 1025 taps, six blocks, three GRU layers."""

    def __init__(self):
        super().__init__(FixedSinc(20, 1025), filters=20, channels=128, hidden=1024)
        sizes = [(20, 20), (20, 20), (20, 128), (128, 128), (128, 128), (128, 128)]
        self.blocks = nn.ModuleList(
            nn.Sequential(
                rawnet2.ResidualBlock(*size, first=number == 0),
                rawnet2.FeatureMapScaling(size[1]),
            )
            for number, size in enumerate(sizes)
        )


class RawGATST(graph_attention.RawGATST):
    """As published: 70 filters, six blocks, 23 spectral and 29 temporal nodes."""

    def __init__(self):
        super().__init__(channels=64, features=32, nodes=12)
        self.conv_time = FixedSinc(70, 129)
        sizes = [(1, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 64)]
        self.encoder = nn.Sequential(
            *(
                graph_attention.ResidualBlock(*size, first=number == 0)
                for number, size in enumerate(sizes)
            )
        )
        self.proj_spectral = nn.Linear(14, 12)
        self.proj_temporal = nn.Linear(23, 12)


class ECAPA(ecapa.ECAPA):
    """With 512 channels over 80 mel bands."""

    def __init__(self, channels: int = 512, pooled: int = 1536):
        super().__init__()
        self.frontend = LogMel(squared_magnitude, **MEL)
        self.conv1 = nn.Conv1d(MEL["bands"], channels, 5, padding=2)
        self.bn1 = nn.BatchNorm1d(channels)
        for number in (1, 2, 3):
            block = ecapa.SERes2Block(channels, dilation=number + 1)
            block.res2 = ecapa.Res2Convolution(channels, number + 1, scale=8)
            block.se = ecapa.SqueezeExcitation(channels, 128)
            setattr(self, f"layer{number}", block)
        self.layer4 = nn.Conv1d(3 * channels, pooled, 1)
        self.pooling = ecapa.AttentiveStatistics(pooled, 256)
        self.bn5 = nn.BatchNorm1d(2 * pooled)
        self.fc6 = nn.Linear(2 * pooled, 192)
        self.bn6 = nn.BatchNorm1d(192)
        self.head = nn.Linear(192, 2)


class ConvolutionalFrames(recurrent.ConvolutionalFrames):
    """Three blocks over 80 mel bands: 128 channels of ten bands, half of the frames."""

    features = 128 * 10

    def __init__(self):
        nn.Module.__init__(self)
        self.frontend = LogMel(squared_magnitude, **MEL)
        blocks: list[nn.Module] = []
        for (a, b), pool in zip(pairwise([1, 64, 128, 128]), ((2, 2), (2, 1), (2, 1)), strict=True):
            blocks += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
            blocks += [nn.MaxPool2d(pool), nn.Dropout2d(0.2)]
        self.convolutions = nn.Sequential(*blocks)


class GatedCRNN(recurrent.GatedCRNN):
    """Two bidirectional GRU layers of 128."""

    def __init__(self):
        nn.Module.__init__(self)
        self.frames = ConvolutionalFrames()
        self.gru = nn.GRU(self.frames.features, 128, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(256, 2)


class MemoryCRNN(recurrent.MemoryCRNN):
    """Two bidirectional LSTM layers of 128."""

    def __init__(self):
        nn.Module.__init__(self)
        self.frames = ConvolutionalFrames()
        self.lstm = nn.LSTM(self.frames.features, 128, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(256, 2)
        self.attention = nn.Linear(256, 2)


class ConformerBlock(conformer.Block):
    """One block."""

    def __init__(self, width: int, heads: int, kernel: int):
        nn.Module.__init__(self)
        self.need_weights = False
        self.before, self.after = self._feed_forward(width), self._feed_forward(width)
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.convolution = conformer.Convolution(kernel)
        self.convolution.norm = nn.LayerNorm(width)
        self.convolution.pointwise1 = nn.Conv1d(width, 2 * width, 1)
        self.convolution.depthwise = nn.Conv1d(
            width, width, kernel, padding=kernel // 2, groups=width
        )
        self.convolution.bn = nn.BatchNorm1d(width)
        self.convolution.pointwise2 = nn.Conv1d(width, width, 1)

    @staticmethod
    def _feed_forward(width: int) -> nn.Module:
        return nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.SiLU(), nn.Dropout(0.1),
            nn.Linear(4 * width, width), nn.Dropout(0.1),
        )  # fmt: skip


class Conformer(conformer.Conformer):
    """Four blocks of 256 channels over 80 mel bands, a quarter of the frames."""

    def __init__(self, width: int = 256):
        nn.Module.__init__(self)
        self.frontend = LogMel(squared_magnitude, **MEL)
        self.subsampling = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2), nn.ReLU(),
        )  # fmt: skip
        self.project = nn.Linear(width * 19, width)
        self.blocks = nn.ModuleList(ConformerBlock(width, 4, 31) for _ in range(4))
        self.head = nn.Linear(width, 2)


def resnet18() -> nn.Module:
    """On 60 cepstral coefficients of 20 ms frames."""
    network = resnet.ResNet18((64, 128, 256, 512))
    framing = Framing(transform=512, window=320, hop=160)
    network.frontend = LinearFrequencyCepstrum(bands=70, coefficients=60, framing=framing)
    return network


def from_transformers(
    prefix: str, attention: str, task: str = "SequenceClassification", **settings: object
) -> Callable[[], nn.Module]:
    """One of transformers' classifiers at its default size but for these settings."""

    def build() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{prefix}Config")(num_labels=2, **settings)
        config._attn_implementation = attention
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Logits(getattr(transformers, f"{prefix}For{task}")(config)).eval()

    return build


def _ours(
    name: str, make: Callable[[], nn.Module], shape: tuple[int, ...], *tags: str
) -> RealisticNetwork:
    return RealisticNetwork(name, lambda: seeded(make), shape, frozenset(tags))


def _theirs(
    name: str, build: Callable[[], nn.Module], shape: tuple[int, ...], *tags: str
) -> RealisticNetwork:
    return RealisticNetwork(name, build, shape, frozenset(("signed", "large", *tags)))


_CLIP = (FOUR_SECONDS,)
NETWORKS = (
    _ours("AASIST", lambda: AASIST(FULL), (INPUT_SAMPLES,), "signed", "inplace"),
    _ours("AASIST-L", lambda: AASIST(LIGHT), (INPUT_SAMPLES,), "signed", "inplace"),
    _ours("LCNN (bundled size)", lambda: LCNN(LCNNShape()), _CLIP, "signed"),
    _ours("RawNet2", RawNet2, (INPUT_SAMPLES,), "signed", "inplace", "recurrent"),
    _ours("RawGAT-ST", RawGATST, (INPUT_SAMPLES,), "signed", "inplace"),
    _ours("AudioNet", AudioNet, (8000,)),
    _ours("AlexNet", AlexNet, (1, 227, 227), "inplace"),
    _ours("ResNet18 on LFCC", resnet18, _CLIP, "inplace"),
    _ours("ECAPA-TDNN 512", ECAPA, _CLIP, "signed", "inplace"),
    _ours("CRNN, GRU", GatedCRNN, _CLIP, "recurrent"),
    _ours("CRNN, LSTM", MemoryCRNN, _CLIP, "recurrent"),
    _ours("Conformer, 4 blocks", Conformer, _CLIP, "signed"),
    _theirs("wav2vec2-base, sdpa", from_transformers("Wav2Vec2", "sdpa"), _CLIP),
    _theirs("wav2vec2-base, eager", from_transformers("Wav2Vec2", "eager"), _CLIP),
    _theirs(
        "WavLM-base, 4 layers", from_transformers("WavLM", "eager", num_hidden_layers=4), _CLIP
    ),
    _theirs(
        "AST-base, 4 layers, 5 s",
        from_transformers(
            "AST", "sdpa", "AudioClassification", num_hidden_layers=4, max_length=512
        ),
        (512, 128),
    ),
    _theirs(
        "Whisper-tiny, 30 s",
        from_transformers(
            "Whisper", "sdpa", "AudioClassification", d_model=384, encoder_layers=4,
            encoder_attention_heads=6, encoder_ffn_dim=1536, decoder_layers=1,
            decoder_attention_heads=6, decoder_ffn_dim=1536,
        ),
        (80, 3000),
    ),
)  # fmt: skip
