"""Do the accounts balance? Relevance and what the ledger names must add up to the score."""

from explainers.lrp.explainer import LayerwiseRelevance
from xaudio.believing.checks import Check, NotChecked
from xaudio.believing.question import Question

NAME = "accounts"
CLAIM = "its accounts balance"
LEAST_SCORE = 1e-3  # of the amounts: a score of zero has no shares


def check_accounts(question: Question) -> Check | NotChecked:
    """Whether nothing of the score is lost; for relevance propagation, which counts every bit.

    Other methods enter what they cannot place into their ledger, so that theirs balances whatever
    they found.
    """
    explanation = question.explanation
    if not isinstance(question.explainer, LayerwiseRelevance):
        reason = f"'{explanation.method}' keeps no accounts that could fail to balance."
        return NotChecked(NAME, CLAIM, reason)
    placed, named = explanation.total, sum(explanation.ledger.values())
    largest = max(abs(placed), *(abs(amount) for amount in explanation.ledger.values()), 0.0)
    scale = max(abs(explanation.score), LEAST_SCORE * largest) or 1.0
    lost = abs(placed + named - explanation.score) / scale
    passed = lost <= question.settings.unaccounted
    meaning = "every bit of it is accounted for" if passed else "the map is not of this score"
    return Check(
        NAME,
        CLAIM,
        lost,
        lost,
        lost,
        1.0,
        "share of the score that neither the map nor the ledger holds; exact, so without interval",
        passed,
        f"The map holds {placed:+.3g} and the ledger {named:+.3g} of the score of "
        f"{explanation.score:+.3g}; {lost:.1g} of it is lost: {meaning}.",
    )
