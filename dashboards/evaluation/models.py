"""Models in memory: each loaded once, the least recently used ones leave when it grows short."""

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.evaluation.device import Device
from xaudio.errors import ModelError
from xaudio.provenance import ModelSpec

if TYPE_CHECKING:
    from xaudio.classifiers import Classifier

Load = Callable[[ModelSpec, str], "Classifier"]


@dataclass(frozen=True)
class ModelCard:
    """What a page needs to know of a model, which need not be in memory for that.

    Attributes:
        name: As the page shows it.
        labels: One per logit.
        sample_rate: In hertz.
        default_target: What to explain when nobody says.
        is_detector: Whether it tells synthetic from human speech.
        has_gradients: Whether methods may look inside.
        default_method: The method to use when nobody says.
        methods: What each method that works on it does, by name; the default one first.
        summary: One line for people.
        bytes: Of its weights.
        fingerprint: SHA-256 of its weights and configuration; empty where nothing is known.
    """

    name: str
    labels: tuple[str, ...]
    sample_rate: int
    default_target: str
    is_detector: bool
    has_gradients: bool
    default_method: str
    methods: Mapping[str, str]
    summary: str
    bytes: int
    fingerprint: str

    @property
    def targets(self) -> tuple[str, ...]:
        """Numbers worth explaining, the default one first."""
        return tuple(dict.fromkeys([self.default_target, *self.labels, "decided"]))


@dataclass(eq=False)
class _Loaded:
    classifier: "Classifier"
    bytes: int
    leases: int = 0


class ModelPool:
    """The models this dashboard was given, as far as they fit into memory."""

    def __init__(
        self,
        offered: Mapping[str, ModelSpec],
        device: Device,
        most_bytes: int,
        load: Load | None = None,
    ):
        """None is loaded yet.

        Args:
            offered: How to load each, by the name a page shows; no others can be asked for.
            device: Where they run.
            most_bytes: What all together may hold, as long as it is not in use.
            load: Makes a classifier on a device; `load_offered` when not given.
        """
        self._offered, self._device, self._most_bytes = offered, device, most_bytes
        self._load = load or load_offered
        self._lock = threading.Lock()
        self._turns = {name: threading.RLock() for name in offered}
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._cards: dict[str, ModelCard] = {}

    @contextmanager
    def lease(self, name: str) -> Iterator["Classifier"]:
        """The model, loaded, and this thread's alone: some methods hook into its layers.

        Raises:
            ModelError: It was not given at the start, cannot be loaded, or is larger than all
                models together may be.
        """
        with self._turn(name):
            loaded = self._leased(name)
            try:
                yield loaded.classifier
            finally:
                with self._lock:
                    loaded.leases -= 1
                del loaded
                self._make_room()

    def card(self, name: str) -> ModelCard:
        """What a page needs to know of the model; loads it the first time.

        Raises:
            ModelError: As for `lease`.
        """
        if name not in self._cards:
            with self.lease(name) as classifier:
                self._cards[name] = _card(name, classifier)
        return self._cards[name]

    def knows(self, name: str) -> bool:
        """Whether `card` would answer at once."""
        return name in self._cards

    @property
    def names(self) -> tuple[str, ...]:
        """What is in memory, the least recently used first."""
        with self._lock:
            return tuple(self._loaded)

    @property
    def bytes(self) -> int:
        """What is in memory, in bytes."""
        with self._lock:
            return self._held()

    @property
    def most_bytes(self) -> int:
        """What may be in memory, in bytes."""
        return self._most_bytes

    def clear(self) -> None:
        """Let all go that are not in use."""
        with self._lock:
            for name in [name for name, loaded in self._loaded.items() if not loaded.leases]:
                del self._loaded[name]
        self._give_back()

    def _turn(self, name: str) -> threading.RLock:
        spec_of(name, self._offered)
        return self._turns[name]

    def _leased(self, name: str) -> _Loaded:
        with self._lock:
            loaded = self._loaded.get(name)
            if loaded is not None:
                self._loaded.move_to_end(name)
                loaded.leases += 1
                return loaded
        loaded = self._fresh(name)
        with self._lock:
            loaded.leases += 1
            self._loaded[name] = loaded
        self._make_room()
        return loaded

    def _fresh(self, name: str) -> _Loaded:
        spec = spec_of(name, self._offered)
        classifier = self._load(spec, self._device.kind)
        size = bytes_of_model(classifier, spec)
        if size > self._most_bytes:
            del classifier
            self._give_back()
            raise ModelError(
                f"'{name}' takes {size / 1e9:.2f} GB; this dashboard keeps at most "
                f"{self._most_bytes / 1e9:.2f} GB of models in the memory of its device "
                f"({self._device}). Use 'xaudio explain', or a machine with more memory."
            )
        return _Loaded(classifier, size)

    def _make_room(self) -> None:
        gone = False
        with self._lock:
            for name in [name for name, loaded in self._loaded.items() if not loaded.leases]:
                if self._held() <= self._most_bytes:
                    break
                del self._loaded[name]
                gone = True
        if gone:
            self._give_back()

    def _held(self) -> int:
        return sum(loaded.bytes for loaded in self._loaded.values())

    def _give_back(self) -> None:
        gc.collect()  # hooks and graphs go round in circles
        if self._device.kind.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()


def spec_of(name: str, offered: Mapping[str, ModelSpec]) -> ModelSpec:
    """How to load a model, which must be one of those offered.

    Raises:
        ModelError: It is none of them, whatever else its name may mean.
    """
    if name not in offered:
        raise ModelError(
            f"There is no model '{name}' here; the dashboard was started with: "
            f"{', '.join(offered)}."
        )
    return offered[name]


def load_offered(spec: ModelSpec, device: str) -> "Classifier":
    """The classifier that was named on the command line."""
    from xaudio.classifiers import load_classifier

    return load_classifier(
        spec.name, spec.weights, device, labels=spec.labels, sample_rate=spec.sample_rate
    )


def bytes_of_model(classifier: "Classifier", spec: ModelSpec) -> int:
    """Of its parameters and buffers; of its files where it shows none."""
    if classifier.module is None:
        files = [Path(name) for name in (spec.name, spec.weights) if name]
        return sum(file.stat().st_size for file in files if file.is_file())
    tensors = {*classifier.module.parameters(), *classifier.module.buffers()}
    return sum(tensor.nbytes for tensor in tensors)


def _card(name: str, classifier: "Classifier") -> ModelCard:
    from explainers.explainer import explainers
    from xaudio.explaining import default_method

    first = default_method(classifier)
    has_gradients = classifier.module is not None
    usable = {
        method: explainers.get(method).summary
        for method in explainers.names()
        if has_gradients or not explainers.get(method).needs_gradients
    }
    return ModelCard(
        name=name,
        labels=classifier.labels,
        sample_rate=classifier.sample_rate,
        default_target=classifier.default_target,
        is_detector=classifier.is_detector,
        has_gradients=has_gradients,
        default_method=first,
        methods={first: usable[first], **usable},
        summary=classifier.summary,
        bytes=bytes_of_model(classifier, ModelSpec(name)),
        fingerprint=classifier.fingerprint,
    )
