"""The readers by name: one decorator to add a data set."""

from collections.abc import Callable

from perturbations.registry import Registry
from xaudio.datasets.manifest import Manifest
from xaudio.errors import CorpusError

Reader = Callable[..., Manifest]
"""Takes a data set's folder, and settings by name; says where each clip's audio is or should be."""

readers: Registry[Reader] = Registry(
    "data set",
    "xaudio.readers",
    tuple(
        f"xaudio.datasets.readers.{module}"
        for module in (
            "asvspoof",
            "asvspoof5",
            "class_folders",
            "desed",
            "half_truth",
            "in_the_wild",
            "laundered",
            "mlaad",
            "one_table",
            "partial_spoof",
            "sound_classes",
            "wave_fake",
        )
    ),
    CorpusError,
)
