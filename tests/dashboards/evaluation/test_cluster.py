import logging
import time

import numpy as np
import pytest

from dashboards.evaluation.cluster import check_reachable
from dashboards.evaluation.evaluation import Evaluation
from dashboards.evaluation.jobs import State
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.given import Given, parse_arguments
from explainers.errors import ExplanationError
from tests.dashboards.evaluation.slow_explainer import MODEL as SLOW_MODEL
from tests.dashboards.recordings import MODEL
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import clip_from_samples
from xaudio.errors import SweepError
from xaudio.explaining import explain

PATIENCE = 120.0
CLIP = clip_from_samples(hybrid(), RATE, "hybrid.wav")


def test_the_line_about_the_device_names_the_cluster():
    assert Evaluation(Given(address="host:6379")).works_on == "Ray cluster at host:6379"


@pytest.fixture(scope="module")
def one_ray():
    ray = pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=2**27,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def evaluation(one_ray):
    words = ["--model", MODEL, "--model", SLOW_MODEL, "--address", "auto"]
    made = Evaluation(parse_arguments(words))
    yield made
    made.close()


def asked(evaluation, session, question):
    return session.ask(
        question, "Explaining", lambda progress: evaluation.explain(question, CLIP, progress)
    )


@pytest.mark.slow
def test_the_cluster_explains_tells_how_far_it_is_and_stops(evaluation):
    session = evaluation.session()
    question = ExplanationQuestion.about(CLIP, MODEL, "input-x-gradient", "spoof")
    answer = asked(evaluation, session, question).result()
    same = explain(CLIP, MODEL, "input-x-gradient", "spoof")
    np.testing.assert_array_equal(answer.explanation.relevance, same.explanation.relevance)
    assert answer.clip.digest == CLIP.digest and "models" not in evaluation._made

    wrong = ExplanationQuestion.about(CLIP, MODEL, "no-such-method")
    with pytest.raises(ExplanationError, match="no-such-method"):
        asked(evaluation, session, wrong).result()

    slow = ExplanationQuestion.about(CLIP, SLOW_MODEL, "occlusion")
    ticket = asked(evaluation, session, slow)
    until = time.monotonic() + PATIENCE
    while not 0 < ticket.share < 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert 0 < ticket.share < 1 and ticket.state is State.RUNNING
    ticket.cancel()
    assert ticket.wait(PATIENCE) and ticket.state is State.CANCELLED
    # The worker is free again: it has stopped as well.
    again = ExplanationQuestion.about(CLIP, MODEL, "input-x-gradient", "bonafide")
    assert asked(evaluation, session, again).result().explanation.target == "bonafide"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_where_nothing_listens_is_a_sentence(address):
    with pytest.raises(SweepError, match=rf"at '{address}': .*refused.*ray start --head"):
        check_reachable(address)


@pytest.mark.parametrize("address", ["auto", "local"])
def test_a_word_for_an_address_is_rays_to_understand(address):
    check_reachable(address)
