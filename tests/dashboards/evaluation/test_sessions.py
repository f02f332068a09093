import time

import numpy as np
import pytest
import soundfile

from dashboards.evaluation import sessions
from dashboards.evaluation.evaluation import Evaluation
from dashboards.evaluation.jobs import State
from dashboards.evaluation.questions import ExplanationQuestion, ModelQuestion
from dashboards.given import Given, parse_arguments
from tests.dashboards.evaluation.test_queues import PATIENCE, Gate
from tests.dashboards.recordings import MODEL
from tests.xaudio.clips import RATE, hybrid
from xaudio.errors import AudioError, ModelError
from xaudio.explaining import explain


@pytest.fixture
def evaluation():
    made = Evaluation(parse_arguments(["--model", MODEL, "--device", "cpu"]))
    yield made
    made.close()


@pytest.fixture
def anna(evaluation):
    return evaluation.session()


@pytest.fixture
def ben(evaluation):
    return evaluation.session()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two recordings of the same length."""
    made = []
    for number, samples in enumerate((hybrid(), -0.5 * hybrid()[::-1])):
        path = tmp_path_factory.mktemp("files") / f"{number}.wav"
        soundfile.write(path, samples, RATE)
        made.append(path.read_bytes())
    return made


def explained(session, evaluation, clip, method="input-x-gradient", **more):
    question = ExplanationQuestion.about(clip, MODEL, method, **more)
    return session.ask(
        question, "Explaining", lambda progress: evaluation.explain(question, clip, progress)
    )


def test_the_answer_is_that_of_the_library(evaluation, anna, files):
    clip = anna.received(files[0], "a.wav")
    made = explained(anna, evaluation, clip, target="log-odds:spoof", threshold=0.5).result()
    with evaluation.models.lease(MODEL) as classifier:
        same = explain(files[0], classifier, "input-x-gradient", "log-odds:spoof", threshold=0.5)
    np.testing.assert_array_equal(made.explanation.relevance, same.explanation.relevance)
    assert made.decision.threshold == 0.5 and made.provenance.model.name == MODEL


def test_what_is_wrong_with_a_question_is_a_sentence(evaluation, anna, files):
    clip = anna.received(files[0], "a.wav")
    for more, said in [
        ({"target": "robot"}, "names no label"),
        ({"method": "magic"}, "magic"),
        ({"settings": {"no": 1}}, "no"),
        ({"settings": {"alignment": "/etc/passwd"}}, "does not lie in a folder"),
    ]:
        with pytest.raises(Exception, match=said):
            explained(anna, evaluation, clip, **more).result()


def test_two_sessions_do_not_mix_their_clips(evaluation, anna, ben, files):
    """Both upload under one name, at the same time, again and again."""
    for _ in range(5):
        hers, his = anna.received(files[0], "clip.wav"), ben.received(files[1], "clip.wav")
        tickets = [explained(anna, evaluation, hers), explained(ben, evaluation, his)]
        for clip, ticket in zip((hers, his), tickets, strict=True):
            answer = ticket.result()
            assert answer.clip.digest == clip.digest
            np.testing.assert_array_equal(answer.clip.samples, clip.samples)


def test_the_same_bytes_under_another_name_keep_that_name(evaluation, anna, ben, files):
    hers, his = anna.received(files[0], "case 17.wav"), ben.received(files[0], "mine.wav")
    assert explained(anna, evaluation, hers).result().clip.name == "case 17.wav"
    assert explained(ben, evaluation, his).result().clip.name == "mine.wav"


def test_the_same_question_of_two_sessions_is_one_answer(evaluation, anna, ben, files):
    hers, his = anna.received(files[0], "a.wav"), ben.received(files[0], "a.wav")
    first, second = explained(anna, evaluation, hers), explained(ben, evaluation, his)
    assert first.result() is second.result()


def test_uploads_and_their_answers_are_forgotten_with_the_last_session(
    evaluation, anna, ben, files
):
    hers, his = anna.received(files[0], "a.wav"), ben.received(files[0], "a.wav")
    ticket = explained(anna, evaluation, hers)
    ticket.result()
    question = ExplanationQuestion.about(hers, MODEL, "input-x-gradient")
    anna.end()
    assert evaluation.answers.knows(question)  # he has sent the same
    assert his.digest in ben.digests
    ben.end()
    assert not evaluation.answers.knows(question) and evaluation.sessions == 0


def test_an_upload_too_large_or_too_long_is_a_sentence(anna, files, monkeypatch):
    monkeypatch.setattr(sessions, "MOST_UPLOADED", 1000)
    with pytest.raises(AudioError, match=r"'a\.wav' has .* MB"):
        anna.received(files[0], "a.wav")


def test_a_session_keeps_few_bytes_of_clips(anna, files, monkeypatch):
    monkeypatch.setattr(sessions, "KEPT_BYTES", 1000)
    first = anna.received(files[0], "a.wav")
    assert anna.received(files[0], "a.wav") is first
    anna.received(files[1], "b.wav")
    assert anna.received(files[0], "a.wav") is not first


def test_temporary_files_go_with_the_session_and_with_the_process(evaluation, anna, ben):
    hers, his = anna.folder(), ben.folder()
    (hers / "x").write_text("x")
    assert hers != his and anna.folder() == hers
    anna.end()
    assert not hers.exists() and his.exists()
    evaluation.close()
    assert not his.exists() and not his.parent.exists()


def test_what_a_page_no_longer_asks_for_is_stopped(anna, monkeypatch):
    monkeypatch.setattr(sessions, "GRACE", 0.1)
    old, kept = Gate(), Gate("kept")
    anna.page_begins()
    first, second = anna.ask("old", "", old), anna.ask("kept", "", kept)
    anna.page_begins()
    assert anna.ask("kept", "", kept).job is second.job
    assert first.wait(PATIENCE) and first.state is State.CANCELLED
    kept.may_end.set()
    assert second.result() == "kept"


def test_what_a_page_asks_again_in_time_goes_on(anna, monkeypatch):
    monkeypatch.setattr(sessions, "GRACE", 0.1)
    gate = Gate("answer")
    for _ in range(3):
        anna.page_begins()
        ticket = anna.ask("question", "", gate)
    time.sleep(0.3)
    gate.may_end.set()
    assert ticket.result() == "answer"


def test_a_page_with_many_answers_has_them_all_in_the_end(evaluation, anna, monkeypatch):
    evaluation.answers._most_bytes = 1
    calls = []

    def work(number):
        return lambda _: calls.append(number) or np.zeros(1000)

    for _ in range(3):
        anna.page_begins()
        for number in range(5):
            anna.ask(number, "", work(number)).result()
    assert calls == list(range(5))
    for _ in range(2):  # another page: they are held no longer
        anna.page_begins()
    anna.ask(0, "", work(0)).result()
    assert len(calls) == 6


def test_a_session_that_ends_stops_what_only_it_waits_for(evaluation, anna, ben):
    gate, shared = Gate(), Gate("shared")
    own = anna.ask("own", "", gate)
    both = anna.ask("shared", "", shared)
    ben.ask("shared", "", shared)
    anna.end()
    assert own.wait(PATIENCE) and own.state is State.CANCELLED
    shared.may_end.set()
    assert both.result() == "shared"


@pytest.mark.parametrize("name", ["model.pkl", "os:system", "hf:somebody/model", ""])
def test_no_model_but_those_of_the_command_line(evaluation, anna, files, name):
    clip = anna.received(files[0], "a.wav")
    question = ExplanationQuestion.about(clip, name, "lrp")
    ticket = anna.ask(question, "", lambda progress: evaluation.explain(question, clip, progress))
    with pytest.raises(ModelError, match="There is no model"):
        ticket.result()


def test_a_cluster_is_asked_for_no_other_model_either(files):
    evaluation = Evaluation(Given(address="127.0.0.1:1"))
    clip = evaluation.session().received(files[0], "a.wav")
    question = ExplanationQuestion.about(clip, "os:system", "lrp")
    with pytest.raises(ModelError, match="There is no model"):
        evaluation.explain(question, clip, lambda share: None)
    evaluation.close()


def test_a_card_is_known_once_the_model_was_loaded(evaluation):
    assert evaluation.known_card(MODEL) is None and evaluation.works_on == "getting ready"
    card = evaluation.models.card(MODEL)
    assert evaluation.known_card(MODEL) is card and "GiB" in evaluation.works_on
    assert evaluation.queue_for(ModelQuestion(MODEL)) is evaluation.beside


def test_a_pickle_on_the_command_line_is_refused_too(tmp_path):
    file = tmp_path / "model.pkl"
    file.write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "pwned").encode() + b"'\ntR.")
    evaluation = Evaluation(parse_arguments(["--model", str(file), "--device", "cpu"]))
    with pytest.raises(ModelError, match="to read such a file can run code"):
        evaluation.models.card(str(file))
    assert not (tmp_path / "pwned").exists()
    evaluation.close()


def test_no_two_sessions_have_one_name(evaluation):
    assert len({evaluation.session().id for _ in range(20)}) == 20


def test_work_beside_the_device_does_not_wait_for_it(evaluation, anna):
    class Table(str):
        off_device = True

    gate = Gate()
    anna.ask("slow", "", gate)
    assert gate.begun.wait(PATIENCE)
    assert anna.ask(Table("table"), "", lambda _: "rows").result() == "rows"


def test_making_it_costs_nothing():
    evaluation = Evaluation(Given())
    assert evaluation._made == {}
    evaluation.close()
