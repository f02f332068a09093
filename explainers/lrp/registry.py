"""Which operation is answered by what; one decorator, for ours and for yours."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from explainers.lrp.naming import FUNCTIONAL

Answer = Callable[..., Any]
Adopt = Callable[[Any, Tensor], None]

_answers: dict[str, Answer] = {}
_foreign: dict[str, Adopt] = {}


def answer(*operations: str) -> Callable[[Answer], Answer]:
    """Decorator: the function answers these operations.

    It is called with a `Call` and the operation's own arguments, and gives the operation's value
    with a gradient that is its relevance rule: relevance is activation x gradient.

    >>> @answer("mylibrary::double")
    ... def double(call, x):
    ...     return call.native(x)
    """

    def register(function: Answer) -> Answer:
        for operation in operations:
            _answers[operation] = function
        return function

    return register


def accept_gradient(*nodes: str) -> None:
    """Declare that the gradient of foreign autograd functions is their relevance rule.

    Right for what is linear or homogeneous of degree one.

    Args:
        nodes: Names as in the gradient graph: a class ``Gain(autograd.Function)`` is
            ``GainBackward``.
    """
    for node in nodes:
        _foreign[node] = lambda _call, _output: None


def adopts(node: str) -> Callable[[Adopt], Adopt]:
    """Decorator: the function is shown what a foreign autograd function of that name gave.

    It may give the output a role or watch its gradient; the gradient itself is kept as it is.
    """

    def register(adopt: Adopt) -> Adopt:
        _foreign[node] = adopt
        return adopt

    return register


def find_foreign(node: str) -> Adopt | None:
    """What takes in a foreign autograd function; None where nothing does."""
    return _foreign.get(node)


def find_answer(operation: str) -> Answer | None:
    """What answers the operation; None where nothing does."""
    found = _answers.get(operation)
    return found or _answers.get(operation.removeprefix(FUNCTIONAL))


def answered_operations() -> tuple[str, ...]:
    """The names of all operations that have an answer."""
    import explainers.lrp.answers  # noqa: F401 - registers ours

    return tuple(sorted(_answers))
