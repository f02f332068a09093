"""Streamlit's server, which gets ready for the first question while the browser is still opening.

``python -m dashboards.evaluation.serving run app.py ...`` takes the words of ``streamlit``.
"""

import importlib
import threading
import time
from contextlib import suppress

from streamlit import runtime
from streamlit.web.cli import main

from perturbations.errors import UserError

FIRST_CLIP = ("dashboards.panels.inspecting", "scipy.signal")  # slow to import
GLANCE = 0.02  # seconds between two looks whether the server is up


def get_ready() -> None:
    """Once the server is up, load the first model, then what the first clip needs."""
    while not runtime.exists():
        time.sleep(GLANCE)
    from dashboards.evaluation import evaluation

    with suppress(UserError):  # the first page says what is wrong
        behind = evaluation()
        behind.models.card(next(iter(behind.given.models)))
        for module in FIRST_CLIP:
            importlib.import_module(module)


if __name__ == "__main__":
    threading.Thread(target=get_ready, name="getting-ready", daemon=True).start()
    main(prog_name="streamlit")
