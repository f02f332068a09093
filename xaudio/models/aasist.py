"""AASIST: graph attention over spectral and temporal nodes of a raw waveform.

Source: Jung et al., "AASIST: audio anti-spoofing using integrated spectro-temporal graph attention
networks", ICASSP 2022, arXiv 2110.01200; section and equation numbers below are the paper's. Module
names are those of the authors' release (github.com/clovaai/aasist, MIT licence), so that its
published weights load strictly; the code is our own.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv1d, max_pool2d, selu

from xaudio.errors import ModelError
from xaudio.models.registry import ModelSource, register_model
from xaudio.models.tiled_block import TiledBlock
from xaudio.models.weights import load_strictly, read_state_dict

SAMPLE_RATE = 16000
INPUT_SAMPLES = 64600  # about four seconds, what the published models were trained on
LABELS = ("spoof", "bonafide")


@dataclass(frozen=True)
class AASISTShape:
    """The sizes in which the two published models differ, and those they share.

    Attributes:
        channels: Output channels of the six residual blocks.
        graph: Features of a node in the first and in the heterogeneous graphs.
        spectral_kept: Share of spectral nodes the first pooling keeps.
        temporal_kept: Share of temporal nodes the first pooling keeps.
        stacked_kept: Share of nodes each pooling inside the stacks keeps.
        filters: Sinc filters of the front end.
        taps: Length of each filter, odd.
        temperature: Of the attention over one kind of node.
        stacked_temperature: Of the attention over both kinds.
    """

    channels: tuple[int, ...] = (32, 32, 64, 64, 64, 64)
    graph: tuple[int, int] = (64, 32)
    spectral_kept: float = 0.5
    temporal_kept: float = 0.7
    stacked_kept: float = 0.5
    filters: int = 70
    taps: int = 129
    temperature: float = 2.0
    stacked_temperature: float = 100.0


FULL = AASISTShape()
LIGHT = AASISTShape(
    channels=(32, 32, 24, 24, 24, 24),
    graph=(24, 32),
    spectral_kept=0.4,
    temporal_kept=0.5,
    stacked_kept=0.7,
)  # fmt: skip


def sinc_filters(count: int, taps: int, sample_rate: int) -> Float[Tensor, "count 1 taps"]:
    """Band-pass filters, Hamming-windowed, side by side on the mel scale from 0 Hz to Nyquist.

    >>> sinc_filters(70, 129, 16000).shape
    torch.Size([70, 1, 129])
    """
    top = 2595 * np.log10(1 + sample_rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 1) / 2595) - 1)
    cutoffs = 2 * edges[:, None] / sample_rate
    steps = np.arange(taps) - (taps - 1) / 2
    low_passes = cutoffs * np.sinc(cutoffs * steps)
    filters = np.hamming(taps) * np.diff(low_passes, axis=0)
    return torch.tensor(filters, dtype=torch.float32)[:, None]


class SincFrontEnd(nn.Module):
    """Fixed sinc filters (section 3.1)."""

    filters: Tensor

    def __init__(self, count: int, taps: int):
        super().__init__()
        filters = sinc_filters(count, taps, SAMPLE_RATE)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch filter cut"]:
        """The waveform in bands, without padding: ``taps - 1`` samples shorter."""
        return conv1d(waveform[:, None], self.filters)


class ResidualBlock(nn.Module):
    """RawNet2-like residual block over (frequency, time), then every third frame."""

    def __init__(self, incoming: int, outgoing: int, first: bool):
        super().__init__()
        if not first:
            # Published, but without effect: the authors' conv1 reads the block's raw input.
            self.bn1 = nn.BatchNorm2d(incoming)
        self.conv1 = nn.Conv2d(incoming, outgoing, (2, 3), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(outgoing)
        self.conv2 = nn.Conv2d(outgoing, outgoing, (2, 3), padding=(0, 1))
        self.conv_downsample = (
            nn.Conv2d(incoming, outgoing, (1, 3), padding=(0, 1))
            if incoming != outgoing
            else nn.Identity()
        )

    def forward(
        self, maps: Float[Tensor, "batch incoming band frame"]
    ) -> Float[Tensor, "batch outgoing band third"]:
        """As many bands, a third of the frames."""
        inner = self.conv2(selu(self.bn2(self.conv1(maps))))
        return max_pool2d(inner + self.conv_downsample(maps), (1, 3))

    def scoring_form(self) -> nn.Module:
        """The same block without gradients, faster on a CPU."""
        return TiledBlock(self.conv1, self.bn2, self.conv2, self.conv_downsample)


class GraphAttention(nn.Module):
    """Attention over the nodes of one complete graph (section 2.1)."""

    def __init__(self, incoming: int, outgoing: int, temperature: float):
        super().__init__()
        self.att_proj = nn.Linear(incoming, outgoing)
        self.att_weight = _attention_weight(outgoing)
        self.proj_with_att = nn.Linear(incoming, outgoing)
        self.proj_without_att = nn.Linear(incoming, outgoing)
        self.bn = nn.BatchNorm1d(outgoing)
        self.input_drop = nn.Dropout(0.2)
        self.temperature = temperature

    def forward(
        self, nodes: Float[Tensor, "batch node incoming"]
    ) -> Float[Tensor, "batch node outgoing"]:
        """Each node, joined by what it attends to."""
        nodes = self.input_drop(nodes)
        pairs = torch.tanh(self.att_proj(_pair_products(nodes)))
        attention = torch.softmax((pairs @ self.att_weight)[..., 0] / self.temperature, dim=-1)
        joined = self.proj_with_att(attention @ nodes) + self.proj_without_att(nodes)
        return selu(_normalised(self.bn, joined))


class HeterogeneousAttention(nn.Module):
    """Attention over temporal and spectral nodes together, and a master node (section 3.2)."""

    def __init__(self, incoming: int, outgoing: int, temperature: float):
        super().__init__()
        self.proj_type1 = nn.Linear(incoming, incoming)
        self.proj_type2 = nn.Linear(incoming, incoming)
        self.att_proj = nn.Linear(incoming, outgoing)
        self.att_projM = nn.Linear(incoming, outgoing)
        self.att_weight11 = _attention_weight(outgoing)
        self.att_weight22 = _attention_weight(outgoing)
        self.att_weight12 = _attention_weight(outgoing)
        self.att_weightM = _attention_weight(outgoing)
        self.proj_with_att = nn.Linear(incoming, outgoing)
        self.proj_without_att = nn.Linear(incoming, outgoing)
        self.proj_with_attM = nn.Linear(incoming, outgoing)
        self.proj_without_attM = nn.Linear(incoming, outgoing)
        self.bn = nn.BatchNorm1d(outgoing)
        self.input_drop = nn.Dropout(0.2)
        self.temperature = temperature

    def forward(
        self,
        temporal: Float[Tensor, "batch t incoming"],
        spectral: Float[Tensor, "batch s incoming"],
        master: Float[Tensor, "batch 1 incoming"],
    ) -> tuple[
        Float[Tensor, "batch t outgoing"],
        Float[Tensor, "batch s outgoing"],
        Float[Tensor, "batch 1 outgoing"],
    ]:
        """The nodes of both kinds and the master node, each joined by what it attends to."""
        nodes = torch.cat([self.proj_type1(temporal), self.proj_type2(spectral)], dim=1)
        nodes = self.input_drop(nodes)
        attention = self._attention(nodes, temporal.shape[1])
        joined = self.proj_with_att(attention @ nodes) + self.proj_without_att(nodes)
        joined = selu(_normalised(self.bn, joined))
        counts = [temporal.shape[1], spectral.shape[1]]
        temporal, spectral = joined.split(counts, dim=1)
        return temporal, spectral, self._updated_master(nodes, master)

    def _attention(
        self, nodes: Float[Tensor, "batch node incoming"], temporal: int
    ) -> Float[Tensor, "batch node node"]:
        """One weight vector for pairs within each kind, one for pairs across (equation 6)."""
        pairs = torch.tanh(self.att_proj(_pair_products(nodes)))
        own, other = pairs[:, :temporal], pairs[:, temporal:]
        across = self.att_weight12
        top = [own[:, :, :temporal] @ self.att_weight11, own[:, :, temporal:] @ across]
        bottom = [other[:, :, :temporal] @ across, other[:, :, temporal:] @ self.att_weight22]
        weights = torch.cat([torch.cat(top, dim=2), torch.cat(bottom, dim=2)], dim=1)
        return torch.softmax(weights[..., 0] / self.temperature, dim=-1)

    def _updated_master(
        self,
        nodes: Float[Tensor, "batch node incoming"],
        master: Float[Tensor, "batch 1 incoming"],
    ) -> Float[Tensor, "batch 1 outgoing"]:
        pairs = torch.tanh(self.att_projM(nodes * master))
        attention = torch.softmax((pairs @ self.att_weightM) / self.temperature, dim=1)
        heard = attention.transpose(1, 2) @ nodes
        return self.proj_with_attM(heard) + self.proj_without_attM(master)


class GraphPool(nn.Module):
    """Keeps the best-scored share of the nodes, each scaled by its score."""

    def __init__(self, features: int, kept: float):
        super().__init__()
        self.proj = nn.Linear(features, 1)
        self.drop = nn.Dropout(0.3)
        self.kept = kept

    def forward(
        self, nodes: Float[Tensor, "batch node feature"]
    ) -> Float[Tensor, "batch fewer feature"]:
        """The kept nodes, best first."""
        scores = torch.sigmoid(self.proj(self.drop(nodes)))
        count = max(1, int(nodes.shape[1] * self.kept))
        best = scores.topk(count, dim=1).indices
        return (nodes * scores).gather(1, best.expand(-1, -1, nodes.shape[2]))


class AASIST(nn.Module):
    """Waveform at 16 kHz to the logits (spoof, bona fide)."""

    def __init__(self, shape: AASISTShape = FULL):
        super().__init__()
        first, second = shape.graph
        pairs = zip((1, *shape.channels), shape.channels, strict=False)
        blocks = [ResidualBlock(a, b, first=number == 0) for number, (a, b) in enumerate(pairs)]
        self.conv_time = SincFrontEnd(shape.filters, shape.taps)
        self.first_bn = nn.BatchNorm2d(1)
        self.encoder = nn.Sequential(*(nn.Sequential(block) for block in blocks))
        self.pos_S = nn.Parameter(torch.randn(1, shape.filters // 3, shape.channels[-1]))
        self.master1 = nn.Parameter(torch.randn(1, 1, first))
        self.master2 = nn.Parameter(torch.randn(1, 1, first))
        self.GAT_layer_S = GraphAttention(shape.channels[-1], first, shape.temperature)
        self.GAT_layer_T = GraphAttention(shape.channels[-1], first, shape.temperature)
        hot = shape.stacked_temperature
        self.HtrgGAT_layer_ST11 = HeterogeneousAttention(first, second, hot)
        self.HtrgGAT_layer_ST12 = HeterogeneousAttention(second, second, hot)
        self.HtrgGAT_layer_ST21 = HeterogeneousAttention(first, second, hot)
        self.HtrgGAT_layer_ST22 = HeterogeneousAttention(second, second, hot)
        self.pool_S = GraphPool(first, shape.spectral_kept)
        self.pool_T = GraphPool(first, shape.temporal_kept)
        self.pool_hS1 = GraphPool(second, shape.stacked_kept)
        self.pool_hT1 = GraphPool(second, shape.stacked_kept)
        self.pool_hS2 = GraphPool(second, shape.stacked_kept)
        self.pool_hT2 = GraphPool(second, shape.stacked_kept)
        self.drop_way = nn.Dropout(0.2)
        self.drop = nn.Dropout(0.5)
        self.out_layer = nn.Linear(5 * second, 2)

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch 2"]:
        """Logits of spoof and bona fide; meant for 64,600 samples, takes any number from 2,315."""
        return self.out_layer(self.drop(self.embedding(waveform)))

    def embedding(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch feature"]:
        """What the output layer reads (section 3.4)."""
        bands = max_pool2d(self.conv_time(waveform).abs()[:, None], 3)
        maps = self.encoder(selu(self.first_bn(bands)))
        spectral = maps.abs().amax(dim=3).transpose(1, 2) + self.pos_S
        temporal = maps.abs().amax(dim=2).transpose(1, 2)
        nodes = (
            self.pool_T(self.GAT_layer_T(temporal)),
            self.pool_S(self.GAT_layer_S(spectral)),
        )
        stacks = zip(self._stack1(*nodes), self._stack2(*nodes), strict=True)
        temporal, spectral, master = (
            torch.maximum(self.drop_way(one), self.drop_way(other)) for one, other in stacks
        )
        return torch.cat([_readout(temporal), _readout(spectral), master[:, 0]], dim=1)

    def _stack1(self, temporal: Tensor, spectral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        layers = self.HtrgGAT_layer_ST11, self.pool_hT1, self.pool_hS1, self.HtrgGAT_layer_ST12
        return _stacked(*layers, temporal, spectral, self.master1)

    def _stack2(self, temporal: Tensor, spectral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        layers = self.HtrgGAT_layer_ST21, self.pool_hT2, self.pool_hS2, self.HtrgGAT_layer_ST22
        return _stacked(*layers, temporal, spectral, self.master2)


def _stacked(
    outer: HeterogeneousAttention,
    pool_temporal: GraphPool,
    pool_spectral: GraphPool,
    inner: HeterogeneousAttention,
    temporal: Float[Tensor, "batch t feature"],
    spectral: Float[Tensor, "batch s feature"],
    master: Float[Tensor, "1 1 feature"],
) -> tuple[Tensor, Tensor, Tensor]:
    """Attention, pooling, attention with a skip: one branch of the stack (section 3.3)."""
    master = master.expand(temporal.shape[0], -1, -1)
    temporal, spectral, master = outer(temporal, spectral, master)
    nodes = pool_temporal(temporal), pool_spectral(spectral), master
    temporal, spectral, master = (
        before + after for before, after in zip(nodes, inner(*nodes), strict=True)
    )
    return temporal, spectral, master


def _readout(nodes: Float[Tensor, "batch node feature"]) -> Float[Tensor, "batch twice"]:
    return torch.cat([nodes.abs().amax(dim=1), nodes.mean(dim=1)], dim=1)


def _pair_products(
    nodes: Float[Tensor, "batch node feature"],
) -> Float[Tensor, "batch node node feature"]:
    return nodes[:, :, None] * nodes[:, None]


def _normalised(
    norm: nn.BatchNorm1d, nodes: Float[Tensor, "batch node feature"]
) -> Float[Tensor, "batch node feature"]:
    return norm(nodes.flatten(0, 1)).unflatten(0, nodes.shape[:2])


def _attention_weight(features: int) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(features, 1)))


@register_model("aasist")
def aasist(weights: Path | None = None) -> ModelSource:
    """AASIST (297,866 parameters); needs the published weights, ``weights=AASIST.pth``."""
    return _with_weights(FULL, weights, "aasist", "AASIST, raw waveform and graph attention")


@register_model("aasist-l")
def aasist_light(weights: Path | None = None) -> ModelSource:
    """AASIST-L (85,306 parameters); needs the published weights, ``weights=AASIST-L.pth``."""
    return _with_weights(LIGHT, weights, "aasist-l", "AASIST-L, the light version of AASIST")


def _with_weights(shape: AASISTShape, weights: Path | None, name: str, summary: str) -> ModelSource:
    if weights is None:
        raise ModelError(
            f"The model '{name}' comes without weights; pass weights= (--weights in a shell), "
            "the published state dict (github.com/clovaai/aasist, models/weights)."
        )
    module = AASIST(shape)
    load_strictly(module, read_state_dict(weights), str(weights))
    return ModelSource(
        module=module.eval(),
        sample_rate=SAMPLE_RATE,
        labels=LABELS,
        summary=summary,
        fit=f"tile:{INPUT_SAMPLES}",
        weights=weights,
    )
