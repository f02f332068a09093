"""A scene as a small message to the browser, with addresses of the files that belong to it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from xaudio.reports.elements import Curve
    from xaudio.viewing import Layer, RelevanceView, Scene, Sound

BINARY = "application/octet-stream"

Serve = Callable[[str, bytes, str], str]
"""Takes a name, bytes and a media type; gives the address the browser finds them at."""


def message(scene: "Scene", serve: Serve) -> dict[str, Any]:
    """What the browser needs to know at once; the rest it fetches when it is to be shown.

    Args:
        scene: What is shown.
        serve: Makes bytes fetchable.
    """
    return {
        "identity": scene.identity,
        "name": scene.name,
        "seconds": scene.seconds,
        "nyquist": scene.sample_rate / 2,
        "sampleRate": scene.sample_rate,
        "levels": scene.sounds[0].levels,
        "sounds": [
            _sound(sound, f"sound {number}", serve) for number, sound in enumerate(scene.sounds)
        ],
        "relevance": [
            _relevance(view, f"relevance {number}", serve)
            for number, view in enumerate(scene.relevance)
        ],
        "lanes": [
            {
                "name": lane.name,
                "stretches": [[one.start, one.end, one.name] for one in lane.stretches],
            }
            for lane in scene.lanes
        ],
        "curves": [_curve(curve) for curve in scene.curves],
    }


def layer_message(layer: "Layer", item: str, serve: Serve) -> dict[str, Any]:
    """Where a layer lies, what its cells mean, and where they are fetched.

    Args:
        layer: At most some megabytes of cells.
        item: Which of the viewer's files it is; a later one of the same name replaces it.
        serve: Makes bytes fetchable.
    """
    rows, columns = layer.cells.shape
    return {
        "file": serve(item, layer.packed, BINARY),
        "rows": rows,
        "columns": columns,
        "start": layer.start,
        "end": layer.end,
        "low": layer.low,
        "high": layer.high,
        "lowest": layer.lowest,
        "step": layer.step,
        "signed": layer.signed,
        "largest": layer.largest,
    }


def _sound(sound: "Sound", item: str, serve: Serve) -> Mapping[str, Any]:
    return {
        "name": sound.name,
        "seconds": sound.clip.seconds,
        "file": serve(item, sound.file, sound.media_type),
        "outline": {
            "file": serve(f"{item} outline", sound.outline.packed, BINARY),
            "columns": len(sound.outline.lowest),
            "column": sound.outline.column,
        },
        "spectrogram": layer_message(sound.spectrogram, f"{item} spectrogram", serve),
    }


def _relevance(view: "RelevanceView", item: str, serve: Serve) -> Mapping[str, Any]:
    return {
        "name": view.name,
        "target": view.target,
        "grid": layer_message(view.grid, f"{item} grid", serve),
        "overTime": layer_message(view.over_time, f"{item} over time", serve),
    }


def _curve(curve: "Curve") -> Mapping[str, Any]:
    """Four digits of each value: a browser draws no more."""
    values = [float(f"{value:.4g}") for value in np.asarray(curve.values, dtype=float)]
    return {"name": curve.name, "start": curve.start, "step": curve.step, "values": values}
