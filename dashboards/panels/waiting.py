"""Waiting for an answer: how far it is, a way to stop it, and nobody else is held up."""

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from dashboards.evaluation import ModelCard, Progress, State, Ticket, evaluation, this_session
from dashboards.evaluation.questions import ModelQuestion
from dashboards.markdown import literal

Answer = TypeVar("Answer")

AT_ONCE = 0.8  # seconds a page waits where it stands: most answers are there by then
GLANCE = 0.1  # seconds between two looks while it stands
POLL = 0.25  # seconds between two looks afterwards


def answered(
    question: Hashable,
    what: str,
    work: Callable[[Progress], Answer],
    meanwhile: Callable[[], None] | None = None,
) -> Answer:
    """The answer to a question; the page goes no further until it is there.

    It comes from what is known already, or from work that is begun or joined. While it lasts the
    page shows how far it is and a button that stops it, and answers all other clicks.

    Args:
        question: What decides the answer: digests and settings, in a frozen dataclass.
        what: What is being done, for people: ``Explaining``.
        work: Finds the answer; told where to report its progress, which may raise to stop it.
        meanwhile: Draws what can be seen without the answer; only called where it takes long.

    Raises:
        UserError: There is no answer; the message says why.
    """
    ticket = _asked(question, what, work)
    if ticket is None or not _is_there(ticket, within=AT_ONCE):
        if meanwhile is not None:
            meanwhile()
        _show(question, ticket)
        st.stop()
    return ticket.result()


def answer_or_progress(
    question: Hashable, what: str, work: Callable[[Progress], Answer]
) -> Answer | None:
    """As `answered`, but the page goes on: None where the answer is not there yet.

    For several answers side by side; the progress is shown where this is called. All of them
    together hold the page up for no longer than one.

    Raises:
        UserError: There is no answer; the message says why.
    """
    ticket = _asked(question, what, work)
    left = this_session().page_began + AT_ONCE - time.monotonic()
    if ticket is not None and _is_there(ticket, within=max(left, GLANCE)):
        return ticket.result()
    _show(question, ticket)
    return None


def model_card(name: str) -> ModelCard:
    """What the page needs to know of a model, which is loaded the first time.

    Raises:
        ModelError: It cannot be loaded.
    """
    known = evaluation().known_card(name)
    if known is not None:
        return known

    def work(_: Progress) -> ModelCard:
        return evaluation().models.card(name)  # the first look at `models` imports torch

    return answered(ModelQuestion(name), f"Loading {name}", work)


def ask_again(question: Hashable) -> None:
    """What this page gave up is asked anew in the next run; for a button that asks."""
    this_session().given_up.discard(question)


def _asked(question: Hashable, what: str, work: Callable[[Progress], Any]) -> Ticket | None:
    """None where this page gave it up."""
    session = this_session()
    if question in session.given_up:
        return None
    return session.ask(question, what, work)


def _is_there(ticket: Ticket, within: float) -> bool:
    """Whether the answer comes in so many seconds; a click of the page itself ends the waiting."""
    if not ticket.is_over:
        place, until = st.empty(), time.monotonic() + within
        while not ticket.wait(GLANCE) and time.monotonic() < until:
            place.progress(ticket.share, _told(ticket))
        place.empty()
    return ticket.is_over and ticket.state is not State.CANCELLED


def _show(question: Hashable, ticket: Ticket | None) -> None:
    if ticket is None or ticket.state is State.CANCELLED:
        _show_given_up(question)
    else:
        _show_progress(question, ticket)


@st.fragment(run_every=POLL)
def _show_progress(question: Hashable, ticket: Ticket) -> None:
    if ticket.is_over:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(ticket.share, _told(ticket))
    if button.button("Cancel", key=f"cancel-{hash(question)}", width="stretch"):
        this_session().given_up.add(question)
        ticket.cancel()
        st.rerun()


@st.fragment
def _show_given_up(question: Hashable) -> None:
    told, button = st.columns([5, 1], vertical_alignment="center")
    told.info("Stopped before it was done.", icon=":material/stop_circle:")
    if button.button("Ask again", key=f"again-{hash(question)}", width="stretch"):
        ask_again(question)
        st.rerun()


def _told(ticket: Ticket) -> str:
    place = ticket.position
    if place:
        return literal(f"{ticket.what}: waiting, number {place} in the queue")
    share = f": {ticket.share:.0%}" if ticket.share > 0 else " ..."
    return literal(f"{ticket.what}{share}")
