"""Streamlit's server, which gets ready for the first question while the browser is still opening.

``python -m dashboards.evaluation.serving run app.py ...`` takes the words of ``streamlit``.
"""

import gc
import threading
import time
from contextlib import suppress

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
    import_first()
    with suppress(UserError):  # the first page says what is wrong
        evaluation()
    import_all()
    # Streamlit collects after every run of a page, which holds up all pages for as long as it takes
    # to look at whatever is not frozen: a quarter of a second, were it all that was imported.
    gc.freeze()


if __name__ == "__main__":
    threading.Thread(target=get_ready, name="getting-ready", daemon=True).start()
    main(prog_name="streamlit")
