"""What a detector is trained on and how; a recipe and a corpus decide the weights."""

from dataclasses import dataclass

from xaudio.datasets.corpus_plan import item_seed
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import CorpusError


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: Passes, each of `examples` freshly drawn examples.
        examples: Per epoch.
        batch: Examples per step.
        seconds: Length of an example.
        learning_rate: The highest, reached after a tenth of the steps; cosine to zero after that.
        weight_decay: Of AdamW.
        frame_weight: Of the loss on frames, beside one on clips.
        held_out_attacks: Never trained on, so that the card can say what happens with new ones.
        test_share: Of the human speakers, and of the voices of an engine.
        seed: Of everything that is drawn.
    """

    epochs: int = 80
    examples: int = 960
    batch: int = 16
    seconds: float = 3.0
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    frame_weight: float = 1.0
    held_out_attacks: tuple[str, ...] = ("lpc", "festival")
    test_share: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """The rows to train on and those kept back; no human speaker is in both."""

    train: Manifest
    test: Manifest


def split_by_speaker(manifest: Manifest, recipe: Recipe) -> Split:
    """Keep back a share of the human speakers with all that is made from them.

    Of text-to-speech, which has few voices, a share of each engine's sentences is kept back, and
    those of a whole voice where the engine has more than two. Held-out attacks are only tested.

    Raises:
        CorpusError: Too few speakers to keep any back.
    """
    humans = sorted({row.speaker or "" for row in manifest if row.source is not None})
    kept_back = set(_share(humans, recipe))
    if not kept_back or len(kept_back) == len(humans):
        raise CorpusError(
            f"The corpus has {len(humans)} human speakers; training needs enough to keep "
            f"{recipe.test_share:.0%} of them for testing."
        )
    kept_back |= _kept_voices(manifest)
    sentences = sorted(row.clip for row in manifest if row.source is None)
    kept_sentences = set(_share(sentences, recipe))

    def is_test(row: ManifestRow) -> bool:
        return row.speaker in kept_back or row.clip in kept_sentences

    def is_held_out(row: ManifestRow) -> bool:
        return row.attack in recipe.held_out_attacks

    return Split(
        train=Manifest.of(row for row in manifest if not is_test(row) and not is_held_out(row)),
        test=Manifest.of(
            row for row in manifest if is_test(row) or (is_held_out(row) and not row.source)
        ),
    )


def _share(names: list[str], recipe: Recipe) -> list[str]:
    shuffled = sorted(names, key=lambda name: item_seed(recipe.seed, "split", name))
    return shuffled[: round(recipe.test_share * len(names))]


def _kept_voices(manifest: Manifest) -> set[str]:
    """The last voice of every engine that has more than two."""
    voices: dict[str, set[str]] = {}
    for row in manifest:
        if row.source is None:
            voices.setdefault(row.attack or "", set()).add(row.speaker or "")
    return {max(names) for names in voices.values() if len(names) > 2}
