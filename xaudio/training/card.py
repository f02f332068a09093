"""The model card: what a detector was trained on, how good it is, what it is not for."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from xaudio.training.recipe import Recipe

POOLS = {
    "seen": "attacks trained on, unseen speakers",
    "unseen": "attacks never trained on",
    "hybrids": "partly synthetic clips, one or two stretches of attacks trained on",
}


def write_card(
    folder: Path,
    figures: Mapping[str, Mapping[str, object]],
    recipe: Recipe,
    material: Mapping[str, object],
) -> None:
    """Write `lcnn.json`, for programs, and `lcnn.md`, for people, beside the weights."""
    document = {"figures": figures, "recipe": asdict(recipe), "material": material}
    (folder / "lcnn.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (folder / "lcnn.md").write_text(card_text(figures, recipe, material), encoding="utf-8")


def card_text(
    figures: Mapping[str, Mapping[str, object]],
    recipe: Recipe,
    material: Mapping[str, object],
) -> str:
    """The card in Markdown."""
    rows = [_row(POOLS.get(name, name), entry) for name, entry in figures.items()]
    made_from = ", ".join(f"{value} {name}" for name, value in material.items())
    return CARD.format(
        table="\n".join(rows),
        material=made_from,
        held_out=" and ".join(recipe.held_out_attacks),
        epochs=recipe.epochs,
        examples=recipe.examples,
        seed=recipe.seed,
    )


def _row(name: str, entry: Mapping[str, object]) -> str:
    interval = f"{entry['eer_percent']} [{entry['eer_percent_low']}, {entry['eer_percent_high']}]"
    errors = f"{entry['false_rejection_percent_at_0']} / {entry['false_acceptance_percent_at_0']}"
    frames = "-"
    if "frame_auc" in entry:
        frames = f"{entry['frame_auc']} / {entry['frame_auc_half_second']}"
    return f"| {name} | {entry['clips']} | {interval} | {errors} | {frames} |"


CARD = """# Model card: lcnn

An LFCC-LCNN that says whether speech is human or synthetic, and how strongly every 20 ms of it
speaks for synthesis. 16 kHz, any length. It is bundled so that everything in this project works
without a download, and so that explanations can be checked on clips whose synthetic stretch is
known. **It is a teaching and testing instrument, not evidence.**

## Training
Material: {material}.
Human speech: one excerpt of five seconds per speaker of LibriSpeech train-clean-100 (Panayotov et
al. 2015, CC BY 4.0). Synthetic: copies of the same utterances (WORLD,
Griffin-Lim over 80 mel bands) and text-to-speech (espeak-ng, flite, Piper's VITS voice "joe").
Examples are drawn afresh: whole clips, and hybrids spliced on the fly; human speech is spliced with
human speech as often. Both classes pass the same random channel (band limits, colouring, MP3 or
Opus or G.722, noise of 20-50 dB, level), so that the channel says nothing about the label. Never
trained on: {held_out}. {epochs} epochs of {examples} examples, seed {seed}.

    xaudio corpus build speech --speech FOLDER --utterances 251 --sentences 100 --hybrids 0 \\
        --seconds 5 --channel none
    xaudio train speech --out weights

## How good it is
Speakers kept back from training, every clip through the same kind of random channel. EER in percent
with a 95 % bootstrap interval, clustered by speaker (for text-to-speech, which has few voices, by
sentence). Error rates at the threshold 0: human clips called synthetic / synthetic called human.
Frame ROC-AUC of its own evidence against the synthetic stretches: frames of 20 ms / averaged over
0.5 s.

| spoof | clips | EER % | errors at 0, % | frame AUC |
| --- | --- | --- | --- | --- |
{table}

## What it cannot do
It has heard few synthesisers, most of them old, one neural voice, read English speech, and no
singing, room or music. A modern cloning system will often pass as human; unusual human recordings
may be called synthetic. Its scores are not calibrated. No verdict about a person should rest on it.
"""
