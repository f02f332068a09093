"""``xaudio corpus``: human, synthetic and partly synthetic speech to train and test on."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.output import Json, print_json, print_table, progress_bar

app = typer.Typer(
    add_completion=False, help="Build a corpus of human, synthetic and partly synthetic speech."
)


@app.callback()
def _corpus() -> None:
    pass


@app.command()
def build(
    out: Annotated[Path, typer.Argument(help="A new folder, or an unfinished corpus.")],
    speech: Annotated[
        Path | None,
        typer.Option(help="Folder of human speech. Without it: telephone prompts from Debian."),
    ] = None,
    language: Annotated[str, typer.Option(help="Of that folder: en, es, fr, it or ru.")] = "en",
    utterances: Annotated[int, typer.Option(help="Human utterances.")] = 60,
    copy: Annotated[
        list[str] | None, typer.Option(help="world, griffin-lim, lpc; may be repeated.")
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help="espeak-ng, flite, festival, piper; likewise.")
    ] = None,
    sentences: Annotated[int, typer.Option(help="Sentences spoken by each engine.")] = 10,
    hybrids: Annotated[int, typer.Option(help="Partly synthetic versions of each utterance.")] = 1,
    splice: Annotated[
        list[str] | None, typer.Option(help="Copy that hybrids are spliced from; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Longest clip, in seconds.")] = 4.0,
    channel: Annotated[
        str, typer.Option(help="random: one drawn channel per clip; none: as made, for training.")
    ] = "random",
    seed: Annotated[int, typer.Option(help="Same seed, same corpus.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    as_json: Json = False,
) -> None:
    """Build, or finish building: audio, manifest, ASVspoof-style protocol, segment labels."""
    from xaudio.datasets.corpus import build_corpus
    from xaudio.datasets.corpus_plan import CorpusSettings
    from xaudio.datasets.human_speech import speech_folder, telephone_prompts

    usual = CorpusSettings()
    copies = usual.copies if copy is None else tuple(copy)
    if splice is None:
        splice = [name for name in copies if name in usual.spliced] or list(copies)
    settings = CorpusSettings(
        utterances=utterances,
        copies=copies,
        engines=usual.engines if engine is None else tuple(engine),
        sentences=sentences,
        hybrids=hybrids,
        spliced=tuple(splice),
        seconds=seconds,
        channel=channel,
        seed=seed,
    )
    if speech is None:
        recordings = telephone_prompts(out.with_name(f"{out.name}-speech"))
    else:
        recordings = speech_folder(speech, language)
    with progress_bar("clips", as_json) as advance:
        manifest = build_corpus(out, recordings, settings, workers, advance)
    counts = Counter(row.attack or "bonafide" for row in manifest)
    if as_json:
        print_json({"corpus": str(out), "settings": asdict(settings), "clips": dict(counts)})
    else:
        print_table(("attack", "clips"), sorted(counts.items()), f"{len(manifest)} clips in {out}")
