"""Progress of work that is done in several steps."""

from explainers.explainer import Progress


def step_of(progress: Progress, number: int, count: int) -> Progress:
    """What one step tells, as a share of the whole.

    Args:
        progress: Told the share of the whole that is done.
        number: Of the step, from 0.
        count: Steps in all, each as long as the others.
    """
    return lambda share: progress((number + share) / count)
