"""What every test may rely on: one thread each, no model hub, no display."""

import gc
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Collections would take a third of the time in which fifteen thousand tests are found.
gc.disable()


def pytest_collection_modifyitems(items):
    """Files with slow tests come first: no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish():
    """What was found stays, and is not looked at again."""
    gc.freeze()
    gc.enable()
