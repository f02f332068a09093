"""What a corpus will hold: settings, and from them and the recordings a list of items."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from xaudio.datasets.human_speech import Recording
from xaudio.datasets.speech_synthesis import speech_attacks
from xaudio.errors import CorpusError

CHANNELS = ("random", "none")


@dataclass(frozen=True)
class CorpusSettings:
    """What a corpus holds.

    Attributes:
        utterances: Human utterances, spread evenly over the speakers.
        copies: Kinds of copy synthesis, each applied to every utterance.
        engines: Kinds of text-to-speech.
        sentences: Spoken by each engine.
        hybrids: Partly synthetic versions of each utterance.
        spliced: Kinds of copy synthesis that hybrids are spliced from, in turn; among `copies`.
        seconds: Longest clip; longer recordings are cut.
        sample_rate: Of every clip, in Hz.
        channel: ``random``: one drawn channel per item, the same distribution for both classes;
            ``none``: as made.
        seed: Of every draw.
    """

    utterances: int = 60
    copies: tuple[str, ...] = ("world", "griffin-lim", "lpc")
    engines: tuple[str, ...] = ("espeak-ng", "flite", "festival", "piper")
    sentences: int = 10
    hybrids: int = 1
    spliced: tuple[str, ...] = ("world", "griffin-lim")
    seconds: float = 4.0
    sample_rate: int = 16000
    channel: str = "random"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise CorpusError(f"There is no channel '{self.channel}': {' or '.join(CHANNELS)}.")
        if min(self.utterances, self.sentences, self.hybrids) < 0:
            raise CorpusError("Counts of utterances, sentences and hybrids cannot be negative.")
        if not (math.isfinite(self.seconds) and self.seconds >= 1.2):
            raise CorpusError(
                f"Clips of at most {self.seconds:g} seconds were asked for; give a finite number, "
                "at least 1.2 seconds."
            )
        if self.hybrids and not (self.spliced and set(self.spliced) <= set(self.copies)):
            raise CorpusError(
                f"Hybrids were to be spliced from {', '.join(self.spliced) or 'nothing'}, and the "
                f"copies made are {', '.join(self.copies) or 'none'}: name some of these."
            )


@dataclass(frozen=True)
class Item:
    """One clip to be made.

    Attributes:
        clip: Its id and file name.
        attack: What made it, `bonafide` for nothing; for a hybrid the copy that was spliced in.
        recording: The human speech behind it, None for text-to-speech.
        hybrid: Its number among the hybrids of its recording, None for a whole clip.
        voice: Of the engine that speaks.
    """

    clip: str
    attack: str
    speaker: str
    language: str
    recording: Recording | None = None
    hybrid: int | None = None
    voice: str = ""

    @property
    def label(self) -> str:
        """`bonafide` for untouched human speech, else `spoof`."""
        return "bonafide" if self.attack == "bonafide" else "spoof"


def plan_corpus(recordings: list[Recording], settings: CorpusSettings) -> list[Item]:
    """The items of a corpus, those of one recording side by side.

    Raises:
        CorpusError: There are too few recordings, or two clips would have the same name.
    """
    items = []
    for number, recording in enumerate(_spread(recordings, settings)):
        human = Item(
            recording.name, "bonafide", recording.speaker, recording.language, recording=recording
        )
        items.append(human)
        items += [
            replace(human, clip=f"{human.clip}.{copy}", attack=copy) for copy in settings.copies
        ]
        for hybrid in range(settings.hybrids):
            copy = settings.spliced[(number + hybrid) % len(settings.spliced)]
            clip = f"{human.clip}.hybrid{hybrid}-{copy}"
            items.append(replace(human, clip=clip, attack=copy, hybrid=hybrid))
    languages = sorted({recording.language for recording in recordings})
    items += _spoken_items(languages, settings)
    clip, count = Counter(item.clip for item in items).most_common(1)[0] if items else ("", 0)
    if count > 1:
        raise CorpusError(
            f"{count} clips would be named '{clip}': rename the recording of that name, and name "
            "each copy and each engine once."
        )
    return items


def _spread(recordings: list[Recording], settings: CorpusSettings) -> list[Recording]:
    """As many recordings as asked, speakers in turn, each speaker's in an order set by the seed."""
    if len(recordings) < settings.utterances:
        raise CorpusError(
            f"{settings.utterances} utterances were asked for and there are {len(recordings)} "
            "recordings: ask for fewer, or give more speech."
        )
    queues: dict[tuple[str, str], list[Recording]] = {}
    for recording in sorted(
        recordings, key=lambda one: item_seed(settings.seed, "order", one.name)
    ):
        queues.setdefault((recording.speaker, recording.language), []).append(recording)
    ranked = [
        (rank, speaker, recording)
        for speaker, queue in queues.items()
        for rank, recording in enumerate(queue)
    ]
    ranked.sort(key=lambda entry: entry[:2])
    return [recording for _, _, recording in ranked[: settings.utterances]]


def _spoken_items(languages: list[str], settings: CorpusSettings) -> Iterator[Item]:
    for name in settings.engines:
        engine = speech_attacks.get(name)
        spoken = [language for language in languages if language in engine.languages]
        if not spoken:
            spoken = list(engine.languages[:1])
        for number in range(settings.sentences):
            voice = engine.voices[number % len(engine.voices)]
            language = spoken[number % len(spoken)]
            speaker = f"{name}-{voice.lstrip('+') or 'plain'}"
            clip = f"{name}-{language}-{number:04d}"
            yield Item(clip, name, speaker, language, voice=voice)


def item_seed(seed: int, *names: str) -> int:
    """A seed below 2^31 that depends on nothing but the corpus' seed and these names."""
    digest = hashlib.blake2b("|".join((str(seed), *names)).encode(), digest_size=4)
    return int.from_bytes(digest.digest(), "big") // 2
