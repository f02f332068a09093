"""What the server does before the first question."""

import gc

import pytest

from dashboards.evaluation import serving
from perturbations.errors import UserError

MADE = 10_000


@pytest.fixture
def steps(monkeypatch):
    """What is done, in order, and whether Python collects garbage meanwhile."""
    done, there = [], iter([False, False, True])

    def step(name):
        monkeypatch.setattr(serving, name, lambda: done.append((name, gc.isenabled())))

    monkeypatch.setattr(serving.runtime, "exists", lambda: next(there))
    for name in ("import_first", "evaluation", "import_all"):
        step(name)
    return done


def test_pages_are_imported_without_collections(steps):
    serving.get_ready()
    assert steps == [("import_first", False), ("evaluation", False), ("import_all", False)]
    assert gc.isenabled()


def test_what_was_imported_is_looked_at_by_no_later_collection(steps, monkeypatch):
    made = []
    monkeypatch.setattr(serving, "import_all", lambda: made.extend([] for _ in range(MADE)))
    before = gc.get_freeze_count()
    serving.get_ready()
    assert gc.get_freeze_count() >= before + MADE


def test_a_wrong_start_is_left_for_the_page_to_tell(steps, monkeypatch):
    def refused():
        raise UserError("There is no such folder.")

    monkeypatch.setattr(serving, "evaluation", refused)
    serving.get_ready()
    assert steps[-1] == ("import_all", False)


def test_collections_go_on_where_an_import_fails(steps, monkeypatch):
    def broken():
        raise ImportError("half of it is missing")

    monkeypatch.setattr(serving, "import_all", broken)
    with pytest.raises(ImportError):
        serving.get_ready()
    assert gc.isenabled()
