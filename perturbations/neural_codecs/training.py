"""Train the bundled codec: ``python -m perturbations.neural_codecs.training FOLDER --out FILE``."""

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, exp, log, pi
from pathlib import Path
from statistics import median

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from perturbations.certificates import certify
from perturbations.errors import CorruptionError
from perturbations.neural_codecs.coding import NeuralCodec, code
from perturbations.neural_codecs.network import CodecNetwork, NetworkSettings, mel_triangles
from perturbations.neural_codecs.residual import ResidualCodec, load_network, save_network
from perturbations.waveform import cut_or_pad, resample, rms

journal = logging.getLogger(__name__)

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".g722"})
SHORTEST_SECONDS = 0.25
QUIETEST_RMS = 1e-3
LEVEL_SPREAD_DB = 6.0
MEL_BANDS = {2048: 160, 1024: 80, 512: 40, 256: 20, 128: 10}
WINDOWS_PER_STEP = 2
FAINTEST = 1e-3
STEPS_PER_REPORT = 100
REPORTED = ("bitrate_kbps", "si_sdr_db", "log_spectral_distance_db", "pesq", "stoi")


@dataclass(frozen=True)
class TrainingSettings:
    """How a codec is trained.

    Attributes:
        steps: Of the optimiser.
        batch: Clips per step.
        seconds: Of a clip.
        learning_rate: At its highest, after the first twentieth; it ends at nothing (half cosine).
        waveform_weight: Of the distance between waveforms, beside the spectral distance.
        commitment_weight: Of the distance between a latent vector and its codebook entries.
        slowest: Clips are played faster or slower, which makes other voices of few.
        fastest: See `slowest`.
        seed: Of everything drawn.
    """

    steps: int = 5000
    batch: int = 10
    seconds: float = 1.0
    learning_rate: float = 2e-3
    waveform_weight: float = 1.0
    commitment_weight: float = 0.25
    slowest: float = 0.8
    fastest: float = 1.25
    seed: int = 0


def read_folder(folder: Path, sample_rate: int) -> list[Float[Tensor, " time"]]:
    """Every recording in a folder and below, one channel, resampled, at an RMS of one.

    Silent recordings and those shorter than a quarter of a second are left out.

    Raises:
        CorruptionError: Nothing is left.
    """
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    clips = [read_samples(file, sample_rate) for file in files]
    kept = [
        levelled(clip)
        for clip in clips
        if len(clip) > SHORTEST_SECONDS * sample_rate and rms(clip[None]) > QUIETEST_RMS
    ]
    if not kept:
        raise CorruptionError(f"The folder '{folder}' holds no speech; put recordings there.")
    return kept


def read_samples(file: Path, sample_rate: int) -> Float[Tensor, " time"]:
    """A recording in any format that FFmpeg reads; one sample of silence if it is empty."""
    import av

    with av.open(str(file)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono")
        frames = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    if not frames:
        return torch.zeros(1)
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return resample(torch.from_numpy(samples)[None], frames[0].sample_rate, sample_rate)[0]


def levelled(samples: Float[Tensor, " time"]) -> Float[Tensor, " time"]:
    """A clip at an RMS of one."""
    return samples / rms(samples[None])


def batches(
    clips: Sequence[Float[Tensor, "_"]], sample_rate: int, settings: TrainingSettings
) -> Iterator[Float[Tensor, "batch time"]]:
    """Stretches of clips without end, longer clips oftener, at drawn speeds and levels."""
    draw = np.random.default_rng(settings.seed)
    length = round(settings.seconds * sample_rate)
    seconds = np.array([len(clip) for clip in clips], dtype=float)
    while True:
        rows = []
        for number in draw.choice(len(clips), settings.batch, p=seconds / seconds.sum()):
            speed = exp(draw.uniform(log(settings.slowest), log(settings.fastest)))
            needed = int(length * speed) + 2
            start = int(draw.integers(max(1, len(clips[number]) - needed + 1)))
            piece = clips[number][None, start : start + needed]
            played = resample(piece, round(sample_rate * speed), sample_rate)
            gain = 10 ** (draw.uniform(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB) / 20)
            rows.append(gain * cut_or_pad(played, length))
        yield torch.cat(rows)


@dataclass(frozen=True)
class MelDistance:
    """How far apart two batches are: mean absolute difference of log mel spectra, in nepers.

    As the spectral losses of Gritsenko et al. 2020 and Kumar et al. 2023 (DAC), with fewer windows.

    Attributes:
        filters: Mel triangles, ``[bin, band]``, by window length in samples.
    """

    filters: dict[int, Float[Tensor, "_ _"]]

    @classmethod
    def at_rate(cls, sample_rate: int) -> "MelDistance":
        """With windows of 128 to 2048 samples and 10 to 160 bands."""
        return cls(
            {
                window: mel_triangles(window, bands, sample_rate)
                for window, bands in MEL_BANDS.items()
            }
        )

    def some(self, generator: torch.Generator) -> "MelDistance":
        """With two of the windows: a step with all takes twice as long and learns little more."""
        drawn = torch.randperm(len(self.filters), generator=generator)[:WINDOWS_PER_STEP]
        windows = [list(self.filters)[number] for number in drawn.tolist()]
        return MelDistance({window: self.filters[window] for window in windows})

    def __call__(
        self, one: Float[Tensor, "batch time"], other: Float[Tensor, "batch time"]
    ) -> Float[Tensor, ""]:
        """The mean over windows, frames and bands."""
        both = torch.cat([one, other])
        distances = []
        for size, filters in self.filters.items():
            spectrum = torch.stft(
                both,
                size,
                size // 4,
                window=torch.hann_window(size),
                normalized=True,
                return_complex=True,
            )
            levels = (spectrum.abs().transpose(1, 2) @ filters).clamp(min=FAINTEST).log()
            first, second = levels.chunk(2)
            distances.append((first - second).abs().mean())
        return torch.stack(distances).mean()


def training_loss(
    network: CodecNetwork,
    waveform: Float[Tensor, "batch time"],
    distance: MelDistance,
    settings: TrainingSettings,
    generator: torch.Generator,
) -> Float[Tensor, ""]:
    """Spectral, waveform and commitment loss of a batch; the codebooks learn on the way.

    No discriminator takes part (unlike SoundStream, EnCodec and DAC): it would take longer to train
    than a codec that stands for a *kind* of damage is worth.
    """
    used = drawn_codebooks(len(waveform), network.settings.codebooks, generator)
    latent = network.encode(waveform)
    quantised, commitment = network.quantiser.train_on(latent, used, generator)
    decoded = cut_or_pad(network.decode(quantised), waveform.shape[1])
    return (
        distance.some(generator)(decoded, waveform)
        + settings.waveform_weight * F.l1_loss(decoded, waveform)
        + settings.commitment_weight * commitment
    )


def drawn_codebooks(
    batch: int, codebooks: int, generator: torch.Generator
) -> Int[Tensor, " {batch}"]:
    """How many codebooks each clip may use: all of them for half the batch, any number else."""
    drawn = torch.randint(1, codebooks + 1, (batch,), generator=generator)
    drawn[: batch // 2] = codebooks
    return drawn


def learning_rate_share(step: int, warm: int, steps: int) -> float:
    """Straight up to one over the first `warm` steps, then down half a cosine."""
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + cos(pi * (step - warm) / max(1, steps - warm)))


def train(
    clips: Sequence[Float[Tensor, "_"]], size: NetworkSettings, settings: TrainingSettings
) -> Iterator[tuple[CodecNetwork, float]]:
    """Train a codec; the same settings and clips give the same codec on one machine.

    Args:
        clips: Speech at the network's sample rate, at an RMS of one.
        size: Of the network.
        settings: How it is trained.

    Yields:
        The one network, and its loss, after every step.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = CodecNetwork(size)
    generator = torch.Generator().manual_seed(settings.seed)
    distance = MelDistance.at_rate(size.sample_rate)
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, (0.8, 0.99))
    warm = max(1, settings.steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: learning_rate_share(step, warm, settings.steps)
    )
    source = batches(clips, size.sample_rate, settings)
    for _ in range(settings.steps):
        loss = training_loss(network, next(source), distance, settings, generator)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        yield network, loss.item()


def measured_quality(
    codec: NeuralCodec, clips: Sequence[Float[Tensor, "_"]], bitrate_kbps: float
) -> dict[str, float]:
    """Medians over clips, at the codec's rate, of what a certificate measures."""
    certificates = [
        certify(clip, code(codec, clip, codec.sample_rate, bitrate_kbps), codec.sample_rate)
        for clip in clips
    ]
    figures = {
        name: [value for each in certificates if (value := each.value(name)) is not None]
        for name in REPORTED
    }
    return {name: median(values) for name, values in figures.items() if values}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, write the weights, and report the quality on speech kept back."""
    parser = argparse.ArgumentParser(description="Train a small neural codec on speech.")
    parser.add_argument("folder", type=Path, help="recordings of speech, any rate")
    parser.add_argument("--out", type=Path, required=True, help="weights file to write")
    parser.add_argument("--test", type=Path, help="recordings kept back, to measure quality on")
    parser.add_argument("--steps", type=int, default=TrainingSettings.steps)
    parser.add_argument("--seed", type=int, default=TrainingSettings.seed)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    size = NetworkSettings()
    clips = read_folder(given.folder, size.sample_rate)
    journal.info("%d clips, %.1f minutes", len(clips), sum(map(len, clips)) / size.sample_rate / 60)
    settings = TrainingSettings(steps=given.steps, seed=given.seed)
    for step, (network, loss) in enumerate(train(clips, size, settings), start=1):
        if step % STEPS_PER_REPORT == 0 or step == settings.steps:
            save_network(network, given.out)
            journal.info("step %d  loss %.3f", step, loss)
    if given.test is not None:
        report(ResidualCodec(load_network(given.out)), read_folder(given.test, size.sample_rate))


def report(codec: NeuralCodec, clips: Sequence[Float[Tensor, "_"]]) -> None:
    """Log the quality at each bit rate."""
    quieter = [clip / clip.abs().max() for clip in clips]
    for bitrate_kbps in sorted(codec.bitrates_kbps, reverse=True):
        figures = measured_quality(codec, quieter, bitrate_kbps)
        journal.info("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
