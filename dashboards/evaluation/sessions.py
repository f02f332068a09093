"""What belongs to one person's open page, and goes with it."""

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Hashable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.evaluation.clips import KEPT_BYTES, MOST_UPLOADED, check_size, decoded
from dashboards.evaluation.jobs import State, Work
from dashboards.evaluation.queues import Ticket

if TYPE_CHECKING:
    from dashboards.evaluation.evaluation import Evaluation
    from xaudio.audio import Clip

GRACE = 5.0  # seconds in which a page asks again for what it still wants


class Session:
    """One open page: the clips it sent, the questions it asked, its temporary files.

    Attributes:
        id: Names it; nobody can guess it.
        given_up: Questions whose answers this page was told not to wait for.
        page_began: When the last run of the page, or of a part of it that runs by itself, began: in
            seconds of the monotonic clock. One run stands still for a short while only.
    """

    def __init__(self, evaluation: "Evaluation"):
        """Begin; see `end`."""
        self.id = secrets.token_hex(16)
        self.given_up: set[Hashable] = set()
        self.page_began = time.monotonic()
        self._evaluation = evaluation
        self._lock = threading.Lock()
        self._received: dict[tuple[str, str], Clip] = {}
        self._digests: set[str] = set()
        self._asked: dict[Hashable, tuple[int, Ticket]] = {}
        self._page = 0
        self._folder: Path | None = None

    def received(self, data: bytes, name: str) -> "Clip":
        """A clip that was uploaded or recorded; forgotten when the page is closed.

        Raises:
            AudioError: It cannot be used, or is larger or longer than a page takes.
        """
        key = (sha256(data).hexdigest(), name)
        with self._lock:
            if key in self._received:
                return self._received[key]
        check_size(len(data), name, MOST_UPLOADED)
        clip = decoded(self._evaluation.decoders, data, name)
        with self._lock:
            self._received[key] = clip
            self._digests.add(clip.digest)
            while len(self._received) > 1 and self._held() > KEPT_BYTES:
                del self._received[next(iter(self._received))]
        return clip

    @property
    def digests(self) -> frozenset[str]:
        """SHA-256 of all clips that came from here."""
        return frozenset(self._digests)

    def ask(self, question: Hashable, what: str, work: Work) -> Ticket:
        """The claim to an answer, which may be there already.

        Args:
            question: What decides the answer.
            what: What is being done, for people.
            work: Finds the answer; told where to report its progress.
        """
        evaluation = self._evaluation
        ticket = self._held_ticket(question) or evaluation.answers.ask(
            evaluation.queue_for(question), self.id, question, what, work
        )
        with self._lock:
            self._asked[question] = (self._page, ticket)
        return ticket

    def page_begins(self) -> None:
        """What was asked before, and is not asked again soon, is wanted no more.

        Answers that the page showed last are held for it, however little room there is for others:
        else a page with many of them would never have them all.
        """
        with self._lock:
            self._page += 1
            self.page_began = time.monotonic()
            self._asked = {
                question: (page, ticket)
                for question, (page, ticket) in self._asked.items()
                if not ticket.is_over or page == self._page - 1
            }
            left_over = any(not ticket.is_over for _, ticket in self._asked.values())
        if left_over:
            sweeping = threading.Timer(GRACE, self._give_up_before, [self._page])
            sweeping.daemon = True
            sweeping.start()

    def folder(self) -> Path:
        """A folder for temporary files, removed when the page is closed."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(dir=self._evaluation.folder))
            return self._folder

    def end(self) -> None:
        """The page was closed: nothing is left of it."""
        with self._lock:
            self._received.clear()
            self._asked.clear()
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self._evaluation.forget(self)

    def _held_ticket(self, question: Hashable) -> Ticket | None:
        with self._lock:
            _, ticket = self._asked.get(question, (0, None))
        return ticket if ticket is not None and ticket.state is State.DONE else None

    def _held(self) -> int:
        return sum(clip.samples.nbytes for clip in self._received.values())

    def _give_up_before(self, page: int) -> None:
        with self._lock:
            old = [
                question
                for question, (asked, ticket) in self._asked.items()
                if asked < page and not ticket.is_over
            ]
            tickets = [self._asked.pop(question)[1] for question in old]
        for ticket in tickets:
            ticket.cancel()
