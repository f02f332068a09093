"""A user's error on a page: its own sentence, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboards.markdown import literal
from perturbations.errors import UserError


@contextmanager
def told() -> Iterator[None]:
    """Show a user's error as its own sentence; what follows it inside is left out."""
    try:
        yield
    except UserError as error:
        st.error(literal(str(error)), icon=":material/error:")
