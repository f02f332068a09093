"""Explanations on a Ray cluster: the same questions, with progress and a way to stop."""

import secrets
import socket
import threading
import time
from contextlib import ExitStack
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dashboards.evaluation.jobs import Cancelled, EvaluationError, Progress
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.evaluation.queues import JobQueue
from perturbations.errors import UserError
from xaudio.errors import SweepError
from xaudio.provenance import ModelSpec

if TYPE_CHECKING:
    from xaudio.audio import Clip
    from xaudio.explained import ExplainedClip

AT_ONCE = 16  # explanations that this dashboard has on a cluster
GLANCE = 0.2  # seconds between two looks at an explanation's progress
MODELS_PER_WORKER = 2
REACHED_WITHIN = 5.0  # seconds


class Board:
    """An actor on which tasks write how far they are, and read whether they are still wanted."""

    def __init__(self) -> None:
        self._shares: dict[str, float] = {}

    def begin(self, task: str) -> None:
        """It is wanted."""
        self._shares[task] = 0.0

    def tell(self, task: str, share: float) -> bool:
        """How far it is; whether it should go on."""
        if task in self._shares:
            self._shares[task] = share
        return task in self._shares

    def share(self, task: str) -> float:
        """How far it is."""
        return self._shares.get(task, 0.0)

    def end(self, task: str) -> None:
        """It is wanted no more."""
        self._shares.pop(task, None)


class Cluster:
    """A Ray cluster that explains, joined at the first question and left when this is closed.

    Models are loaded where the work is done, by the same words as here: their files must lie under
    the same paths on every node.
    """

    def __init__(self, address: str):
        """Nothing is joined yet.

        Args:
            address: As ``ray start --head`` prints it, ``auto``, or ``local`` for a Ray of our own.
        """
        self.address = address
        self.queue = JobQueue(at_once=AT_ONCE)
        self._lock = threading.Lock()
        self._session = ExitStack()
        self._ray: ModuleType | None = None
        self._board: Any = None
        self._gpus = 0.0

    def explain(
        self, question: ExplanationQuestion, spec: ModelSpec, clip: "Clip", progress: Progress
    ) -> "ExplainedClip":
        """Explain a clip on the cluster.

        Args:
            question: What to explain.
            spec: How to load the model.
            clip: What it is about.
            progress: Told the share done, 0 to 1; may raise to stop the work.

        Raises:
            SweepError: The cluster cannot be joined, or Ray is not installed.
            UserError: The question cannot be answered, or the cluster breaks down.
        """
        ray = self._joined()
        task = secrets.token_hex(8)
        ray.get(self._board.begin.remote(task))
        try:
            remote = ray.remote(_explained_there).options(
                num_gpus=1 if self._gpus else 0, max_retries=1
            )
            made = remote.remote(self._board, task, question, spec, bool(self._gpus), clip)
            while not ray.wait([made], timeout=GLANCE)[0]:
                progress(ray.get(self._board.share.remote(task)))
            return _value_of(ray.get(made))
        except ray.exceptions.RayError as error:
            raise EvaluationError(
                f"The Ray cluster at '{self.address}' broke down over this: "
                f"{str(error).splitlines()[0]}. Ask again, or start the dashboard without "
                "--address."
            ) from None
        finally:
            self._board.end.remote(task)

    def close(self) -> None:
        """Stop waiting for answers, and leave the cluster as it was."""
        self.queue.close()
        with self._lock:
            self._session.close()
            self._ray = self._board = None

    def _joined(self) -> ModuleType:
        with self._lock:
            if self._ray is None:
                from xaudio.sweeps import ray_session

                is_there = ray_session.import_ray().is_initialized()
                if not is_there:
                    check_reachable(self.address)
                ray = self._session.enter_context(
                    ray_session.already_there() if is_there else ray_session.joined(self.address)
                )
                self._gpus = ray.cluster_resources().get("GPU", 0.0)
                self._board = ray.remote(Board).options(num_cpus=0).remote()
                self._ray = ray
            return self._ray


def check_reachable(address: str) -> None:
    """Refuse an address where nothing listens; Ray itself would try for minutes.

    Args:
        address: ``host:port``, ``ray://host:port``, or a word such as ``auto``, which passes.

    Raises:
        SweepError: Nothing listens there.
    """
    host, colon, port = address.rpartition("/")[2].rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=REACHED_WITHIN).close()
    except (OSError, OverflowError) as error:
        raise SweepError(
            f"No Ray cluster can be joined at '{address}': {error}. Start the dashboard with the "
            "address that 'ray start --head' printed, or with 'auto' on a node of the cluster."
        ) from None


def _explained_there(
    board: Any, task: str, question: ExplanationQuestion, spec: ModelSpec, on_gpu: bool, clip: Any
) -> Any:
    """What a worker does: the explanation, or what is wrong with the question."""
    from dashboards.evaluation.explaining import explained_by

    try:
        classifier = _loaded(spec, "cuda" if on_gpu else "cpu")
        return explained_by(question, spec, classifier, clip, _Telling(board, task))
    except (UserError, Cancelled) as error:
        return type(error), error.args


def _value_of(answer: Any) -> Any:
    if isinstance(answer, tuple):
        kind, words = answer
        raise kind(*words)
    return answer


@lru_cache(maxsize=MODELS_PER_WORKER)
def _loaded(spec: ModelSpec, device: str) -> Any:
    from dashboards.evaluation.models import load_offered

    return load_offered(spec, device)


class _Telling:
    """A worker's progress: written on the board now and then, which says whether to go on."""

    def __init__(self, board: Any, task: str):
        self._board, self._task, self._last = board, task, 0.0

    def __call__(self, share: float) -> None:
        import ray

        if time.monotonic() - self._last < GLANCE:
            return
        self._last = time.monotonic()
        if not ray.get(self._board.tell.remote(self._task, share)):
            raise Cancelled
