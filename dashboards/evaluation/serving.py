"""Streamlit's server, which gets ready for the first question while the browser is still opening.

``python -m dashboards.evaluation.serving run app.py ...`` takes the words of ``streamlit``.
"""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from streamlit import runtime
from streamlit.web.cli import main

from dashboards.evaluation import evaluation
from dashboards.importing import import_all, import_first
from perturbations.errors import UserError

GLANCE = 0.02  # seconds between two looks whether the server is up


def get_ready() -> None:
    """Once the server is up, import what pages are made of, then load the first model."""
    while not runtime.exists():
        time.sleep(GLANCE)
    with _lasting():
        import_first()
        with suppress(UserError):  # the first page says what is wrong
            evaluation()
        import_all()


@contextmanager
def _lasting() -> Iterator[None]:
    """What is made meanwhile stays: no collection need look at it.

    Collections take a quarter of the time imports take. Streamlit collects after every run of a
    page, too, and all pages wait while a quarter of a second is spent on what was imported.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


if __name__ == "__main__":
    threading.Thread(target=get_ready, name="getting-ready", daemon=True).start()
    main(prog_name="streamlit")
