"""What pages and their questions are made of, imported by one thread at a time.

Of two threads that import modules which need each other, or a package and what lies in it, Python
lets one see a half-made module rather than have both wait for ever. Pages run in threads, so the
first page of a fresh server would now and then meet one.
"""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterable
from functools import cache, wraps

# What Inspect shows while the rest is still being imported, which takes two seconds.
FIRST = (
    "dashboards.links",
    "dashboards.told",
    "dashboards.panels.choose",
    "dashboards.panels.device",
    "dashboards.panels.welcome",
)
OURS = ("perturbations", "explainers", "xaudio", "dashboards")
# What no page needs.
NOT_HERE = ("perturbations.adapters", "xaudio.cli", "xaudio.__main__", "dashboards.app")
# What is imported where it is used, and the first question uses.
SLOW = ("scipy.signal",)


def _once(work: Callable[[], None]) -> Callable[[], None]:
    """Of several threads that ask, one does the work, and the others wait for it."""
    lock, done = threading.Lock(), cache(work)

    @wraps(work)
    def doing() -> None:
        with lock:
            done()

    return doing


@_once
def import_first() -> None:
    """Import what every page begins with."""
    _import(FIRST)


@_once
def import_all() -> None:
    """Import everything."""
    import_first()
    from explainers.explainer import explainers
    from perturbations.ambience import ambiences
    from perturbations.corruption import corruptions
    from perturbations.fills import fills

    for floor in OURS:
        found = pkgutil.walk_packages(importlib.import_module(floor).__path__, f"{floor}.")
        _import(each.name for each in found if not each.name.startswith(NOT_HERE))
    for registry in (explainers, corruptions, ambiences, fills):
        registry.names()  # imports what plug-ins bring
    _import(SLOW)


def _import(modules: Iterable[str]) -> None:
    for module in modules:
        importlib.import_module(module)
