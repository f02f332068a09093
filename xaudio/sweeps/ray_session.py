"""A Ray to work on: one of our own, ended and cleared away afterwards, or one that is there."""

import logging
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from xaudio.errors import SweepError

FOLDER = "xaudio-ray-"
# A socket's path has at most 107 characters, of which Ray's own part takes 62 and ours 30.
LONGEST_PLACE = 15
# Nothing is sent anywhere, and what Ray's core has to say about its workers is ours to tell.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}


def import_ray() -> ModuleType:
    """Ray with its data library.

    Raises:
        SweepError: It is not installed.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise SweepError(
            f"Sweeping on Ray needs the extra 'ray' ({error}); install it with "
            "pip install 'xaudio[ray]'."
        ) from None
    return ray


@contextmanager
def joined(address: str) -> Iterator[ModuleType]:
    """A cluster that is running, left running afterwards.

    Raises:
        SweepError: Nothing answers there, or Ray is not installed.
    """
    ray = import_ray()
    with _set(QUIET), _kept_signals(), _without_error_stream():
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # of many classes, from many layers
            raise SweepError(
                f"No Ray cluster can be joined at '{address}': {_first_line(error)}. Give the "
                "address that 'ray start --head' printed, or 'auto' on a node of the cluster."
            ) from None
    with _ended(ray), _hushed():
        yield ray


@contextmanager
def of_our_own(processors: int, store_bytes: int) -> Iterator[ModuleType]:
    """A Ray on this machine, for as long as the context lasts.

    Args:
        processors: How many it counts on.
        store_bytes: Of shared memory for what goes from one process to another.

    Raises:
        SweepError: It does not start, or is not installed.
    """
    ray = import_ray()
    _remove_abandoned()
    folder = tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=_place())
    try:
        with _set(QUIET), _kept_signals(), _without_error_stream():
            try:
                ray.init(
                    address="local",
                    num_cpus=processors,
                    object_store_memory=store_bytes,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    _temp_dir=folder,
                )
            except Exception as error:
                raise SweepError(f"Ray does not start here: {_first_line(error)}.") from error
        with _ended(ray), _hushed():
            yield ray
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def already_there() -> Iterator[ModuleType]:
    """The Ray that this process is connected to, as it is."""
    with _hushed():
        yield import_ray()


@contextmanager
def _ended(ray: ModuleType) -> Iterator[None]:
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """With environment variables that are not set otherwise."""
    ours = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


@contextmanager
def _without_error_stream() -> Iterator[None]:
    """Ray's core announces, past all loggers, that it will be quiet."""
    with Path(os.devnull).open("wb") as nowhere:
        before = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)


@contextmanager
def _kept_signals() -> Iterator[None]:
    """Ray puts an answer to SIGTERM of its own in the place of the caller's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _hushed() -> Iterator[None]:
    """Without Ray Data's own account of an execution; what matters comes as results and errors."""
    handlers = [
        handler
        for handler in logging.getLogger("ray.data").handlers
        if not isinstance(handler, logging.FileHandler)
    ]
    levels = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for handler, level in zip(handlers, levels, strict=True):
            handler.setLevel(level)


def _place() -> Path:
    """Where temporary folders go, unless Ray's sockets below it would have too long a path."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= LONGEST_PLACE else "/tmp")


def _remove_abandoned() -> None:
    """Clear away the folders of processes that were killed before they could."""
    for folder in _place().glob(f"{FOLDER}*"):
        owner = folder.name.removeprefix(FOLDER).partition("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    with suppress(PermissionError):  # somebody else's
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": .")
