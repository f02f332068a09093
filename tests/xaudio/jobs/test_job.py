"""The small files of a job, and names of runs."""

import pytest

from xaudio.jobs.errors import JobError
from xaudio.jobs.job import Job, JobFolder, Performer, jobs_in, run_folder
from xaudio.jobs.process_identity import ProcessIdentity
from xaudio.jobs.progress import Pace, Phase, pace_of
from xaudio.jobs.state import state_of


def test_what_is_written_is_read(tmp_path):
    there = JobFolder(tmp_path / "one")
    assert there.job() is None and there.performer() is None and there.exit_code() is None
    job = Job("sweep", ("sweep", "run", "ä b.csv"), 12.5)
    performer = Performer(ProcessIdentity(1, 2, "boot"), 13.5)
    there.ask(job)
    there.is_done_by(performer)
    there.ended(0)
    assert (there.job(), there.performer(), there.exit_code()) == (job, performer, 0)
    there.ask(job)
    assert there.performer() is None and there.exit_code() is None, "it was asked for again"


def test_a_folder_without_a_job_is_said(tmp_path):
    with pytest.raises(JobError, match="no run in"):
        state_of(tmp_path)
    assert jobs_in(tmp_path / "nowhere") == []


def test_a_damaged_file_is_said(tmp_path):
    there = JobFolder(tmp_path / "one")
    there.ask(Job("sweep", (), 0.0))
    (tmp_path / "one" / "job" / "asked.json").write_text("{")
    with pytest.raises(JobError, match="cannot be read"):
        there.job()


def test_the_last_lines_of_a_long_log(tmp_path):
    there = JobFolder(tmp_path)
    there.ask(Job("sweep", (), 0.0))
    there.log.write_text("".join(f"line {n}\n" for n in range(10_000)))
    assert there.last_lines(3) == ["line 9997", "line 9998", "line 9999"]


@pytest.mark.parametrize(
    "name", ["", " a", "../up", "a/b", ".hidden", "..", "a\nb", "a" * 81, "a\\b", "a;b"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name):
    with pytest.raises(JobError, match="cannot be named"):
        run_folder(tmp_path, name)


def test_a_name_that_is_taken_is_refused(tmp_path):
    (tmp_path / "one").mkdir()
    with pytest.raises(JobError, match="already"):
        run_folder(tmp_path, "one")
    assert run_folder(tmp_path, "two").parent == tmp_path


def test_the_pace_counts_from_the_first_piece_of_this_run():
    times = (5.0, 100.0, 102.0, 104.0)  # one of an earlier run, and models took 90 s to load
    assert pace_of(Phase("scores", 4, 10, times), 10.0, 104.0) == Pace(0.5, 12.0)
    assert pace_of(Phase("scores", 2, 10, (5.0, 100.0)), 10.0, 104.0) == Pace(None, None)
