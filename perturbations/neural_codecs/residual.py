"""The bundled codec: a trained `CodecNetwork`, read from its file, as a `NeuralCodec`."""

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError
from perturbations.neural_codecs.coding import Coded
from perturbations.neural_codecs.network import CodecNetwork, NetworkSettings
from perturbations.waveform import rms

BUNDLED = "bundled"
BUNDLED_FILE = Path(__file__).parent / "residual.safetensors"
QUIETEST = 1e-12
GAIN_BITS = 16


class ResidualCodec:
    """A `CodecNetwork` at work, in double precision.

    A clip is brought to an RMS of one before it is coded, so that a quiet clip is coded as well as
    a loud one. Beside the codes a gain is sent (16 bits a clip) which makes what is decoded as loud
    as what was given; silence stays silence.
    """

    def __init__(self, network: CodecNetwork):
        self.network = network.double().eval()
        settings = network.settings
        self.sample_rate = settings.sample_rate
        per_codebook = settings.bits * settings.frame_rate / 1000
        self.bitrates_kbps = tuple(per_codebook * (1 + n) for n in range(settings.codebooks))

    @torch.no_grad()
    def round_trip(self, samples: Float[Tensor, " time"], bitrate_kbps: float) -> Coded:
        """See `NeuralCodec.round_trip`; computed on the CPU."""
        waveform = samples.detach().cpu().double()[None]
        codebooks = 1 + self.bitrates_kbps.index(bitrate_kbps)
        loudness = rms(waveform)
        levelled = waveform / loudness.clamp(min=QUIETEST)
        codes = self.network.quantiser.encode(self.network.encode(levelled), codebooks)
        decoded = self.network.decode(self.network.quantiser.decode(codes))
        gain = loudness / rms(decoded[:, : waveform.shape[1]]).clamp(min=QUIETEST)
        bits = codes.numel() * self.network.settings.bits + GAIN_BITS
        return Coded(gain * decoded[0], bits)


def save_network(network: CodecNetwork, file: Path) -> None:
    """Write a network in half precision, its settings in the file's header."""
    from safetensors.torch import save_file

    state = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(state, file, {"settings": json.dumps(asdict(network.settings))})


def load_network(file: Path) -> CodecNetwork:
    """The network that `save_network` wrote.

    Raises:
        CorruptionError: There is no such file, or it is no such file.
    """
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        raise CorruptionError(f"There is no weights file '{file}' of a neural codec.")
    try:
        with safe_open(file, "pt") as opened:
            settings = json.loads(opened.metadata()["settings"])
            state = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
        network = CodecNetwork(NetworkSettings(**settings))
        network.load_state_dict(state)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as fault:
        raise CorruptionError(
            f"'{file}' holds no neural codec: {str(fault).splitlines()[0]}. Give a file written by "
            "perturbations.neural_codecs.training."
        ) from fault
    return network


@lru_cache(maxsize=4)
def load_residual_codec(weights: str) -> ResidualCodec:
    """The codec of a weights file, or the bundled one; the last four are kept."""
    return ResidualCodec(load_network(BUNDLED_FILE if weights == BUNDLED else Path(weights)))
