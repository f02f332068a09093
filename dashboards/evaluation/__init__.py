"""What stands behind the pages: ``evaluation()`` for all of them, ``this_session()`` for one.

Pages ask questions, and `dashboards.panels.waiting` shows how far the answers are.
"""

import sys

import streamlit as st

from dashboards.evaluation.evaluation import Evaluation
from dashboards.evaluation.jobs import Cancelled, Progress, State
from dashboards.evaluation.models import ModelCard
from dashboards.evaluation.questions import ExplanationQuestion, content_of
from dashboards.evaluation.queues import Ticket
from dashboards.evaluation.sessions import Session
from dashboards.given import parse_arguments

__all__ = [
    "Cancelled",
    "Evaluation",
    "ExplanationQuestion",
    "ModelCard",
    "Progress",
    "Session",
    "State",
    "Ticket",
    "content_of",
    "evaluation",
    "page_begins",
    "this_session",
]


def evaluation() -> Evaluation:
    """The one of this process.

    Raises:
        UserError: The dashboard was started with words it does not understand.
    """
    return _evaluation(tuple(sys.argv[1:]))


@st.cache_resource(max_entries=1, show_spinner=False, on_release=Evaluation.close)
def _evaluation(words: tuple[str, ...]) -> Evaluation:
    made = Evaluation(parse_arguments(words))
    made.warm()
    return made


@st.cache_resource(scope="session", show_spinner=False, on_release=Session.end)
def this_session() -> Session:
    """The one of the page that is being drawn; it ends when the browser closes it."""
    return evaluation().session()


def page_begins() -> None:
    """To be said first in every full run of a page.

    What an earlier run asked for, and this one does not ask again soon, is wanted no more: whoever
    chooses another method does not wait for the one before.
    """
    this_session().page_begins()
