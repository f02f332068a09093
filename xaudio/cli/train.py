"""``xaudio train``: the bundled detector again, or one on speech of your own."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.output import Json, print_json, print_table, progress_bar

app = typer.Typer(add_completion=False)


@app.command()
def train(
    corpus: Annotated[
        Path, typer.Argument(help="A corpus built with --channel none; its manifest or folder.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for weights and card.")] = Path("weights"),
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes; the recipe's if absent.")
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=1, help="Per epoch; the recipe's if absent.")
    ] = None,
    hold_out: Annotated[
        list[str] | None, typer.Option(help="Attack never to train on; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same examples.")] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw examples.")] = 1,
    as_json: Json = False,
) -> None:
    """Train an LFCC-LCNN on a corpus and write its weights with a model card."""
    from xaudio.datasets.manifest import load_manifest
    from xaudio.training.card import write_card
    from xaudio.training.evaluation import card_figures, run_trials
    from xaudio.training.examples import load_material
    from xaudio.training.loop import save_weights, train_detector
    from xaudio.training.recipe import Recipe, split_by_speaker

    recipe = Recipe(seed=seed)
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    if examples is not None:
        recipe = replace(recipe, examples=examples)
    if hold_out is not None:
        recipe = replace(recipe, held_out_attacks=tuple(hold_out))
    manifest = load_manifest(corpus / "manifest.parquet" if corpus.is_dir() else corpus)
    split = split_by_speaker(manifest, recipe)
    material = load_material(split.train)
    with progress_bar("epochs", as_json) as advance:
        model = train_detector(
            material, recipe, lambda done, planned, _loss: advance(done, planned), workers
        )
    figures = card_figures(run_trials(model, split.test, recipe), recipe)
    out.mkdir(parents=True, exist_ok=True)
    weights = save_weights(model, out)
    counts = {
        "human speakers": len({utterance.speaker for utterance in material.utterances}),
        "utterances": len(material.utterances),
        "synthesised sentences": sum(len(clips) for clips in material.spoken.values()),
    }
    write_card(out, figures, recipe, counts)
    if as_json:
        print_json({"weights": str(weights), "figures": figures})
        return
    rows = [
        (name, entry["clips"], f"{entry['eer_percent']} %", entry.get("frame_auc", ""))
        for name, entry in figures.items()
    ]
    print_table(("spoof", "clips", "EER", "frame AUC"), rows, f"Weights and card in {out}")
