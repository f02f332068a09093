"""Options that several commands share: how a model is named, and what is asked of it."""

from pathlib import Path
from typing import Annotated

import typer

Clips = Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Recordings.")]
Model = Annotated[
    str, typer.Option(help="lcnn, aasist, hf:<id>, model.onnx, model.pt2, pkg.module:factory.")
]
Weights = Annotated[Path | None, typer.Option(help="Weights for a model named alone.")]
Labels = Annotated[
    list[str] | None,
    typer.Option(help="Of one logit, in the model's order, where the model does not say."),
]
SampleRate = Annotated[
    int | None, typer.Option(min=1, help="The model's, in Hz, where it does not say.")
]
Method = Annotated[str | None, typer.Option(help="See 'xaudio methods'.")]
Target = Annotated[
    str | None, typer.Option(help="A label, 'one - other', 'log-odds:label' or 'decided'.")
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1.")]
Settings = Annotated[
    list[str] | None, typer.Option(help="name=value, of the method; may be repeated.")
]
