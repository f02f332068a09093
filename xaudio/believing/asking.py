"""All checks of one map."""

import time

from explainers.errors import ExplanationError
from explainers.explainer import Explainer, Progress
from xaudio.believing.accounts import check_accounts
from xaudio.believing.agreement import check_agreement
from xaudio.believing.checks import Belief, Check, NotChecked
from xaudio.believing.learned import check_learned
from xaudio.believing.question import Question, weighted_steps
from xaudio.believing.removal import check_removal
from xaudio.believing.settings import BeliefSettings
from xaudio.believing.stability import check_stability
from xaudio.classifiers import Classifier
from xaudio.explained import ExplainedClip

WEIGHTS = (4.0, 3.0, 3.0, 2.0)  # of the checks that take time, as measured on the bundled detector


def belief(
    explained: ExplainedClip,
    classifier: Classifier,
    explainer: Explainer,
    progress: Progress | None = None,
    settings: BeliefSettings | None = None,
) -> Belief:
    """Is this map believable?

    Args:
        explained: The clip and its map.
        classifier: What was explained.
        explainer: The method, with the settings the map was made with.
        progress: Told the share done, 0 to 1; it may raise to stop the work.
        settings: How hard the map is tried; the defaults when not given.

    Raises:
        ExplanationError: The relevance lies on no part of the clip: the whole voice was changed.
    """
    if explained.is_of_the_voice:
        raise ExplanationError(
            "The whole voice was changed, so no part of the clip stands out and there is no map to "
            "check. Explain the clip by another method."
        )
    started = time.perf_counter()
    question = Question(explained, classifier, explainer, settings or BeliefSettings())
    learned, agreement, removal, stability = weighted_steps(progress or _nobody, WEIGHTS)
    found = (
        check_learned(question, learned),
        check_agreement(question, agreement),
        check_removal(question, removal),
        check_stability(question, stability),
        check_accounts(question),
    )
    return Belief(
        checks=tuple(one for one in found if isinstance(one, Check)),
        unchecked=tuple(one for one in found if isinstance(one, NotChecked)),
        seconds=time.perf_counter() - started,
    )


def _nobody(_share: float) -> None:
    """Told by nobody who asked."""
