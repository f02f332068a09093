"""What stands behind all pages of a process: device, models, queue, answers, clips, sessions."""

import atexit
import shutil
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.evaluation.answers import Answers
from dashboards.evaluation.clips import Clips
from dashboards.evaluation.device import Device, find_device
from dashboards.evaluation.jobs import Progress
from dashboards.evaluation.models import ModelCard, ModelPool, spec_of
from dashboards.evaluation.questions import ExplanationQuestion, mentions
from dashboards.evaluation.queues import JobQueue
from dashboards.evaluation.sessions import Session
from dashboards.evaluation.temporary import temporary_folder
from dashboards.given import Given
from dashboards.importing import import_all
from perturbations.errors import UserError
from xaudio.decoding import Decoders

if TYPE_CHECKING:
    from dashboards.evaluation.cluster import Cluster
    from xaudio.audio import Clip
    from xaudio.explained import ExplainedClip

MODELS_SHARE = 0.5  # of the device's memory
KEPT_ANSWERS = 24 * 2**20  # bytes, beside those that pages show


class Evaluation:
    """One per process; shared by all sessions.

    Attributes:
        given: What the dashboard was started with.
        queue: Of work on this machine's device.
        beside: Of work that needs no model: questions whose class says ``off_device = True``.
        answers: By question.
        decoders: What decodes clips.
        clips: Of the folders that were given.
    """

    def __init__(self, given: Given):
        """Cheap: torch, the device and models come when they are first used."""
        self.given = given
        self.queue = JobQueue()
        self.beside = JobQueue(at_once=2)
        self.answers = Answers(KEPT_ANSWERS)
        self.decoders = Decoders()
        self.clips = Clips(given.folders, self.decoders)
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._making = threading.RLock()
        self._made: dict[str, Any] = {}
        atexit.register(self.close)

    @property
    def device(self) -> Device:
        """Where models run; the first look imports torch.

        Raises:
            ModelError: The one that was asked for is not there.
        """
        return self._once("device", lambda: find_device(self.given.device))

    @property
    def works_on(self) -> str:
        """Where explanations are made, in a line for people; never waits to find out."""
        if self.given.address:
            return f"Ray cluster at {self.given.address}"
        device = self._made.get("device")
        return str(device) if device else "getting ready"

    @property
    def models(self) -> ModelPool:
        """The models that were given, as far as they fit into the device's memory."""
        return self._once("models", self._pool)

    def known_card(self, name: str) -> ModelCard | None:
        """What there is to know of a model, unless it has to be loaded for that; never waits."""
        pool = self._made.get("models")
        return pool.card(name) if pool is not None and pool.knows(name) else None

    @property
    def cluster(self) -> "Cluster | None":
        """The Ray cluster that explains, where one was given; joined at the first question."""
        return self._once("cluster", self._cluster) if self.given.address else None

    @property
    def folder(self) -> Path:
        """Where sessions have their temporary files; removed when the process ends."""
        return self._once("folder", temporary_folder)

    def queue_for(self, question: Hashable) -> JobQueue:
        """Where a question is answered: on the cluster, beside the device, or on it."""
        if self.cluster is not None and isinstance(question, ExplanationQuestion):
            return self.cluster.queue
        return self.beside if getattr(question, "off_device", False) else self.queue

    def explain(
        self, question: ExplanationQuestion, clip: "Clip", progress: Progress
    ) -> "ExplainedClip":
        """Why a model decides what it decides: here, or on the cluster.

        Args:
            question: What to explain.
            clip: The clip it is about.
            progress: Told the share done; may raise to stop the work.

        Raises:
            UserError: The question cannot be answered; the message says why.
        """
        from dashboards.evaluation.explaining import explained_by

        spec = spec_of(question.model, self.given.models)
        self.clips.check_files_in(dict(question.settings))
        if self.cluster is not None:
            return self.cluster.explain(question, spec, clip, progress)
        with self.models.lease(question.model) as classifier:
            return explained_by(question, spec, classifier, clip, progress)

    def session(self) -> Session:
        """A new one."""
        session = Session(self)
        with self._lock:
            self._sessions[session.id] = session
        return session

    def forget(self, session: Session) -> None:
        """A session has ended: its questions, and the answers about clips only it has sent."""
        with self._lock:
            self._sessions.pop(session.id, None)
            still_there = {digest for other in self._sessions.values() for digest in other.digests}
        for queue in self._queues():
            queue.forget(session.id)
        gone = session.digests - still_there
        self.answers.forget(lambda question: any(mentions(question, each) for each in gone))

    @property
    def sessions(self) -> int:
        """How many pages are open."""
        return len(self._sessions)

    def warm(self) -> None:
        """Get ready, in a thread of its own, what the first question needs."""
        threading.Thread(target=self._warm, name="warming", daemon=True).start()

    def close(self) -> None:
        """Stop all work and remove all temporary files."""
        atexit.unregister(self.close)
        for session in list(self._sessions.values()):
            session.end()
        for queue in self._queues():
            queue.close()
        self.decoders.close()
        if cluster := self._made.get("cluster"):
            cluster.close()
        if folder := self._made.get("folder"):
            shutil.rmtree(folder, ignore_errors=True)

    def _warm(self) -> None:
        self.decoders.warm()
        import_all()
        with suppress(UserError):  # whoever asks next is told
            self.models.card(next(iter(self.given.models)))

    def _pool(self) -> ModelPool:
        device = self.device
        return ModelPool(self.given.models, device, int(MODELS_SHARE * device.memory))

    def _cluster(self) -> "Cluster":
        from dashboards.evaluation.cluster import Cluster

        return Cluster(str(self.given.address))

    def _queues(self) -> list[JobQueue]:
        cluster = self._made.get("cluster")
        return [self.queue, self.beside, *([cluster.queue] if cluster else [])]

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """What is made when it is first looked at, and by one thread only."""
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]
