"""Whose turn it is: nobody waits for all the questions of somebody else."""

from collections.abc import Collection, Mapping, Sequence


def in_turn(waiting: Sequence[Collection[str]], last_served: Mapping[str, int]) -> list[int]:
    """In what order waiting jobs come, as positions in `waiting`.

    First comes the session that was served the longest ago, with its oldest job; a job that several
    sessions wait for comes when the first of them has its turn.

    Args:
        waiting: For each job, the oldest first, the sessions that wait for it.
        last_served: When a session was served last, as a number that grows; missing for never.

    >>> in_turn([{"a"}, {"a"}, {"a"}, {"b"}], {"a": 1})
    [3, 0, 1, 2]
    >>> in_turn([{"a"}, {"a"}, {"b"}, {"b"}], {})
    [0, 2, 1, 3]
    """
    served, left, order = dict(last_served), list(range(len(waiting))), []
    now = max(served.values(), default=0)
    while left:
        chosen = min(left, key=lambda job: (_longest_ago(waiting[job], served), job))
        left.remove(chosen)
        order.append(chosen)
        now += 1
        served.update(dict.fromkeys(waiting[chosen], now))
    return order


def _longest_ago(sessions: Collection[str], served: Mapping[str, int]) -> int:
    return min((served.get(session, 0) for session in sessions), default=0)
