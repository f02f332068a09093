"""Make the pages of the corruptions, with their pictures, sounds and certificates.

`python docs/make_corruption_pages.py` writes `docs/corruptions/`: one page for each family, and the
table of all certificates. Everything on them is measured here, on sentences that Piper reads.
"""

import io
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from perturbations.certificates import Certificate, certify
from perturbations.corruption import Corruption, Key, corruptions, load_corruption
from perturbations.waveform import resample
from xaudio.datasets.speech_synthesis import speech_attacks
from xaudio.reports.png import palette_png
from xaudio.reports.quantities import quantity_name, quantity_text, value_text
from xaudio.reports.spectrogram import spectrogram

PAGES = Path(__file__).parent / "corruptions"
RATE = 16_000
ELSEWHERE = ("encodec", "dac", "mimi")
SENTENCES = (
    "The call came at nine, and nobody in the house had heard that voice before.",
    "Please transfer the amount today. I will explain everything tomorrow.",
    "She sells seashells, he checks the charts, and they measure every phase.",
)
SHOWN = (0, 1, 3, 5)
HEARD_SECONDS = 2.4
FIGURES = (
    "snr_db", "si_sdr_db", "log_spectral_distance_db", "lowest_hz", "highest_hz", "delay_seconds",
    "length_ratio", "loudness_change_lu", "pitch_semitones", "bitrate_kbps", "pesq", "stoi",
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Corruptions that belong on one page."""

    title: str
    about: str
    names: tuple[str, ...]

    @property
    def file(self) -> str:
        return self.title.lower().replace(" ", "-").replace(",", "")


FAMILIES = (
    Family(
        "Noise",
        "Added at a signal-to-noise ratio that holds over the whole clip exactly. Noise is drawn "
        "or synthesised for as long as the clip lasts: no second of it comes back. "
        "`background-noise` makes babble, a crowd, an office, wind, rain or mains hum "
        "(`ambience`), or takes stretches of your own recordings (`folder`).",
        (
            "white-noise", "pink-noise", "brown-noise", "background-noise",
            "background-noise:crowd", "background-noise:room", "background-noise:wind",
            "background-noise:rain", "background-noise:hum",
        ),
    ),
    Family(
        "Filters and echo",
        "Bands taken away and echoes added. Cutoffs are in hertz, so that they mean the same at "
        "every sample rate.",
        (
            "low-pass", "high-pass", "band-pass", "band-stop", "low-shelf", "high-shelf",
            "smoothing", "echo",
        ),
    ),
    Family(
        "Level and amplitude",
        "What happens to the samples one by one: turned up or down, faded, clipped, moved off "
        "zero, rounded.",
        (
            "gain", "fade", "clipping", "soft-clipping", "dc-offset", "quantisation", "bit-depth",
        ),
    ),
    Family(
        "Time and pitch",
        "What happens to a clip's clock. Each result carries a time map that says where every "
        "instant went, so that an explanation of the corrupted clip can be laid over the original.",
        (
            "time-stretch", "pitch-shift", "speed", "resampling", "time-shift", "dropouts",
            "silence-trimming", "silence-padding", "noise-padding", "excerpt", "tiling",
        ),
    ),
    Family(
        "Codecs",
        "The real encoders and decoders, in memory. Delay and padding are measured and taken out, "
        "so that what differs is the coding and nothing else; the bit rate in a certificate is "
        "counted, not promised.",
        (
            "mp3", "aac", "opus", "vorbis", "g711-mu", "g711-a", "g722", "g726", "g723-1", "gsm",
            "amr-nb", "ima-adpcm",
        ),
    ),
    Family(
        "Telephony",
        "What a line does besides coding: packets lost in bursts and concealed, bands limited, "
        "calls coded again and again on their way.",
        ("packet-loss", "telephone"),
    ),
    Family(
        "Neural codecs",
        "Audio put into a few tokens by a network and made up again by another. `neural-codec` is "
        "a small one trained for this project, so that the kind of damage exists offline; "
        "`encodec`, `dac` and `mimi` are the published ones and need their weights.",
        ("neural-codec",),
    ),
    Family(
        "Rooms and replay",
        "Sound that went through a room, or through a loudspeaker, a room and a microphone: the "
        "physical-access attack.",
        ("room", "impulse-response", "replay"),
    ),
    Family(
        "RawBoost",
        "The noises that Tak et al. (ICASSP 2022) train detectors with, as corruptions.",
        ("rawboost-lnl", "rawboost-isd", "rawboost-ssi", "rawboost"),
    ),
    Family(
        "Borrowed",
        "Any transform of audiomentations as a corruption: keyed, graded by one of its parameters, "
        "and what it drew written down. `transform` names it; air absorption is the default.",
        ("audiomentations", "audiomentations:TanhDistortion", "audiomentations:TimeMask"),
    ),
)  # fmt: skip


@cache
def sentences() -> tuple[torch.Tensor, ...]:
    """The reference clips: [time] at 16 kHz, peaks at a half."""
    spoken = [speech_attacks.get("piper")().speak(text, "en", "joe", 7) for text in SENTENCES]
    clips = [
        resample(torch.from_numpy(each.samples)[None], each.sample_rate, RATE)[0] for each in spoken
    ]
    return tuple(0.5 * clip / clip.abs().max() for clip in clips)


def loaded(name: str) -> Corruption:
    """A corruption by its name, or by its name and the kind of it: `background-noise:wind`."""
    kind, _, variant = name.partition(":")
    setting = {"background-noise": "ambience", "audiomentations": "transform"}.get(kind, "")
    return load_corruption(kind, **({setting: variant} if variant else {}))


@cache
def corrupted(corruption: Corruption, severity: int, number: int):
    """One reference clip at one severity."""
    clip, keys = sentences()[number], [Key(f"sentence-{number}")]
    return corruption.apply(clip[None], RATE, severity, keys).clip(0)


@cache
def certificates(corruption: Corruption, severity: int) -> tuple[Certificate, ...]:
    """The certificates of the reference clips."""
    return tuple(
        certify(clip, corrupted(corruption, severity, number), RATE)
        for number, clip in enumerate(sentences())
    )


def median_of(found: Sequence[Certificate], figure: str) -> float | None:
    """The median of a figure or a fact over the clips that have it."""
    values = [each.value(figure) for each in found]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    return statistics.median(numbers) if numbers else None


def written(quantity: str, value: float | None) -> str:
    """A figure with its unit, as people write it; nothing where there is none."""
    return "" if value is None else value_text(quantity, value)


def picture(family: Mapping[str, Corruption]) -> bytes:
    """One row of spectrograms for each corruption: clean, severities 1, 3 and 5."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        len(family), len(SHOWN), figsize=(11, 1.35 * len(family) + 0.7), squeeze=False, dpi=110,
        layout="constrained",
    )  # fmt: skip
    length = round(HEARD_SECONDS * RATE)
    for row, (name, corruption) in zip(panels, family.items(), strict=True):
        for panel, severity in zip(row, SHOWN, strict=True):
            samples = corrupted(corruption, severity, 0).samples[: int(1.5 * length)].numpy()
            image = spectrogram(samples, RATE)
            panel.imshow(
                image.decibels, origin="lower", aspect="auto", cmap="magma", vmin=-110, vmax=-25,
                extent=(0, len(samples) / RATE, 0, RATE / 2000),
            )  # fmt: skip
            panel.set_xlim(0, HEARD_SECONDS)
            panel.tick_params(labelsize=7)
            panel.set_title(title(name, corruption, severity), fontsize=8, pad=2)
        row[0].set_ylabel("kHz", fontsize=8)
    for panel in panels[-1]:
        panel.set_xlabel("s", fontsize=8)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())
    pyplot.close(figure)
    return palette_png(pixels)


def title(name: str, corruption: Corruption, severity: int) -> str:
    """What stands over a spectrogram."""
    if severity == 0:
        return f"{name}, clean"
    level = corruption.levels[severity - 1]
    return f"{severity}: {quantity_text(corruption.quantity, level)}"


def sound(corruption: Corruption) -> bytes:
    """Clean, severity 1, 3 and 5 after each other, a third of a second between them, as Ogg."""
    import soundfile

    pause = torch.zeros(RATE // 3)
    pieces = []
    for severity in SHOWN:
        clip = corrupted(corruption, severity, 0)
        end = round(clip.time_map.forward(HEARD_SECONDS) * RATE)
        pieces += [clip.samples[: max(end, 1)], pause]
    file = io.BytesIO()
    soundfile.write(file, torch.cat(pieces).numpy(), RATE, format="OGG", subtype="OPUS")
    return file.getvalue()


def file_name(name: str) -> str:
    """What a corruption's sound is called."""
    return f"{name.replace(':', '-').lower()}.ogg"


def page(family: Family) -> Iterator[str]:
    """The lines of a family's page."""
    yield f"# {family.title}\n"
    yield f"{family.about}\n"
    yield f"![Spectrograms: clean, severity 1, 3 and 5](pictures/{family.file}.png)\n"
    yield "*A sentence read by Piper: clean, then severities 1, 3 and 5.*\n"
    for name in family.names:
        corruption = loaded(name)
        yield f"## {name}\n"
        yield f"{type(corruption).summary}\n"
        settings = corruption.settings()
        if settings:
            told = ", ".join(f"`{name}` = {value}" for name, value in settings.items())
            yield f"Settings: {told}.\n"
        link = f"sounds/{file_name(name)}"
        yield f"[Listen]({link}): clean, severity 1, 3, 5.\n"
        yield from table(corruption)
        yield ""


def table(corruption: Corruption) -> Iterator[str]:
    """Certificates of one corruption: a row for each severity."""
    found = {severity: certificates(corruption, severity) for severity in corruption.severities}
    figures = [corruption.primary, *(figure for figure in FIGURES if figure != corruption.primary)]
    medians = {
        figure: [median_of(found[severity], figure) for severity in found] for figure in figures
    }
    kept = [figure for figure in figures if any(value is not None for value in medians[figure])]
    heads = [quantity_name(figure) for figure in kept]
    heads[0] = f"**{heads[0]}**"
    yield f"| severity | {quantity_name(corruption.quantity)} | " + " | ".join(heads) + " |"
    yield "| --- " * (len(kept) + 2) + "|"
    for place, (severity, level) in enumerate(zip(found, corruption.levels, strict=True)):
        row = [written(figure, medians[figure][place]) for figure in kept]
        shown = written(corruption.quantity, level)
        yield f"| {severity} | {shown} | " + " | ".join(row) + " |"


def index() -> Iterator[str]:
    """The overview: families, and every certificate at severity 1, 3 and 5."""
    yield "# The corruptions\n"
    yield (
        "Made by `python docs/make_corruption_pages.py`. Medians over three sentences read by "
        "Piper at 16 kHz. In **bold** what is sure to grow or shrink from each severity to the "
        "next. What a figure means: [certificates](../corruptions.md#certificates).\n"
    )
    for family in FAMILIES:
        listed = ", ".join(f"`{name}`" for name in family.names)
        yield f"- [{family.title}]({family.file}.md): {listed}"
    yield "\n| corruption | severity | level | " + " | ".join(map(quantity_name, FIGURES)) + " | |"
    yield "| --- " * (len(FIGURES) + 4) + "|"
    for name in (name for family in FAMILIES for name in family.names):
        for severity in SHOWN[1:]:
            yield index_row(name, loaded(name), severity)


def index_row(name: str, corruption: Corruption, severity: int) -> str:
    """One corruption at one severity, in the table of all."""
    found = certificates(corruption, severity)
    cells = []
    for figure in FIGURES:
        cell = written(figure, median_of(found, figure))
        cells.append(f"**{cell}**" if figure == corruption.primary and cell else cell)
    level = quantity_text(corruption.quantity, corruption.levels[severity - 1])
    rest = ""
    if corruption.primary not in FIGURES:
        rest = f"**{quantity_text(corruption.primary, median_of(found, corruption.primary))}**"
    return f"| {name} | {severity} | {level} | " + " | ".join(cells) + f" | {rest} |"


def main() -> None:
    """Write everything."""
    told = {name.partition(":")[0] for family in FAMILIES for name in family.names}
    for name in sorted(set(corruptions.names()) - told - set(ELSEWHERE)):
        print(f"on no page: {name}")
    for folder in ("pictures", "sounds"):
        (PAGES / folder).mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        print(family.title)
        members = {name: loaded(name) for name in family.names}
        (PAGES / "pictures" / f"{family.file}.png").write_bytes(picture(members))
        for name, corruption in members.items():
            (PAGES / "sounds" / file_name(name)).write_bytes(sound(corruption))
        (PAGES / f"{family.file}.md").write_text("\n".join(page(family)).rstrip() + "\n")
    (PAGES / "README.md").write_text("\n".join(index()) + "\n")


if __name__ == "__main__":
    main()
