"""The questions a model is asked, one function each."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.lrp.errors import UnknownOperation
from explainers.lrp.verification.accounts import balance, rows
from explainers.lrp.verification.coverage import short_name
from explainers.lrp.verification.dependence import first_dependent_part
from explainers.lrp.verification.findings import (
    FAILED,
    UNCHECKED,
    CannotCheck,
    CannotRun,
    CutOff,
    Finding,
    counted,
    measured,
    noticed,
)
from explainers.lrp.verification.passes import Bench, Pass, first_line, plain_logits
from explainers.lrp.verification.state import HOOKS, State, changes, parts_in_training

Check = Callable[[Bench], Finding]

OUTPUT, OUTPUT_DOUBLE = 1e-5, 1e-10
CONSERVED, CONSERVED_DOUBLE = 1e-4, 1e-6
SAME_LOGITS, SAME_RELEVANCE = 1e-4, 1e-3
REPEATED = 1e-6
MOSTLY_ABSORBED = 0.5
MOSTLY_UNSEEN = 0.5
MOVED = 0.1  # in units of the score
ON_SILENCE = 0.05
NAMED = 3  # of many names, how many are told


def runs_by_the_rules(bench: Bench) -> Finding:
    """Does the model run while its operations are answered by rules?"""
    try:
        _ = bench.first
    except CannotRun as error:
        return counted(1, f"{error} (without the rules it runs: please report this)")
    except ExplanationError:
        pass
    return counted(0, "as it does without")


def operations_have_rules(bench: Bench) -> Finding:
    """Is every operation between samples and score answered by a rule?"""
    try:
        found = bench.first
    except UnknownOperation as error:
        return counted(1, str(error))
    names = {flow.operation for flow in found.flows if flow.outer is None}
    if not found.unknown:
        return counted(0, f"{len(names)} kinds of operation, each with a rule")
    unknown = ", ".join(map(str, found.unknown))
    return counted(
        len(found.unknown),
        f"no rule for {unknown}; register one with explainers.lrp.answer, or accept a plain "
        "gradient with explainers.lrp.accept_gradient",
    )


def score_depends_on_samples(bench: Bench) -> Finding:
    """Does a gradient lead from the samples to the score?"""
    try:
        _ = bench.first
    except CutOff as error:
        return counted(1, str(error))
    return counted(0, "operations lead from every score back to the samples")


def in_evaluation_mode(bench: Bench) -> Finding:
    """Is any part still in training mode?"""
    parts = parts_in_training(bench.module)
    detail = f"in training mode: {_some(parts)}; call .eval()" if parts else "every part is"
    return counted(len(parts), detail)


def output_unchanged(bench: Bench) -> Finding:
    """Are the logits under the relevance mode the model's own?"""
    return measured(
        _logits_apart(bench.first.logits, bench.plain),
        OUTPUT,
        "logits under the relevance mode against the model's own",
    )


def output_unchanged_double(bench: Bench) -> Finding:
    """The same in double precision."""
    return measured(
        _logits_apart(bench.exact.logits, plain_logits(bench.double, bench.clip.double())),
        OUTPUT_DOUBLE,
        "the same, of a copy cast to float64",
    )


def conserved(bench: Bench) -> Finding:
    """Do samples and sinks add up to the score?"""
    account = balance(bench.first)
    detail = (
        f"samples {account.received:+.5g} + sinks {account.absorbed:+.5g} = score "
        f"{account.score:+.5g}, as a share of the relevance of all samples"
    )
    return measured(account.error, CONSERVED, detail)


def conserved_double(bench: Bench) -> Finding:
    """The same in double precision."""
    return measured(
        balance(bench.exact).error, CONSERVED_DOUBLE, "the same, of a copy cast to float64"
    )


def conserved_by_every_operation(bench: Bench) -> Finding:
    """Does every single operation hand on what it is given?"""
    found, tolerance = most_exact(bench)
    accounts = rows(found)
    if not accounts:
        raise CannotCheck("no operation was given any relevance")
    worst = max(accounts, key=lambda row: row.error)
    place = worst.place or "the model itself"
    detail = f"worst of {len(accounts)} calls: {short_name(worst.operation)} in {place}"
    return measured(worst.error, tolerance, detail)


def most_exact(bench: Bench) -> tuple[Pass, float]:
    """The metered run in double precision, else in single; how well it should conserve."""
    try:
        return bench.exact, CONSERVED_DOUBLE
    except CannotCheck:
        return bench.metered, CONSERVED


def relevance_is_finite(bench: Bench) -> Finding:
    """Is relevance a number everywhere?"""
    found = bench.first
    values = [found.found, *([] if found.coefficient is None else [found.coefficient])]
    broken = sum(int((~torch.isfinite(one)).sum()) for one in values)
    return counted(broken, "samples whose relevance or coefficient is NaN or infinite")


def clip_is_looked_at(bench: Bench) -> Finding:
    """Does most of the clip have any relevance?"""
    heard = bench.clip != 0
    unseen = float(((bench.first.found == 0) & heard).sum() / heard.sum().clamp(min=1))
    if unseen == 1:
        return measured(1.0, MOSTLY_UNSEEN, "no sample has any relevance: the clip is ignored")
    detail = "share of its samples without any relevance"
    if unseen > MOSTLY_UNSEEN:
        detail += ": they are cut off, or the model is dead there"
    return noticed(unseen, MOSTLY_UNSEEN, detail)


def same_twice(bench: Bench) -> Finding:
    """Does the same call give the same again?"""
    logits = _logits_apart(bench.again.logits, bench.first.logits)
    off = max(logits, _relevance_apart(bench.again.found, bench.first.found))
    return measured(off, REPEATED, "logits and relevance of two equal calls")


def batch_keeps_logits(bench: Bench) -> Finding:
    """Do a clip's logits depend on what else is in the batch?"""
    together = plain_logits(bench.model, bench.clips)
    alone = torch.cat([plain_logits(bench.model, clip[None]) for clip in bench.clips])
    off = _logits_apart(together, alone)
    detail = f"logits of {len(bench.clips)} clips, alone and in one batch"
    if not off <= SAME_LOGITS:
        detail += f"; first seen in {first_dependent_part(bench.model, bench.clips, SAME_LOGITS)}"
    return measured(off, SAME_LOGITS, detail)


def batch_keeps_relevance(bench: Bench) -> Finding:
    """Does a clip's relevance depend on what else is in the batch?"""
    pairs = zip(bench.together.found, bench.alone, strict=True)
    off = max(_relevance_apart(together[None], alone.found) for together, alone in pairs)
    return measured(off, SAME_RELEVANCE, "relevance of the same, as a share of its largest value")


def silence_keeps_score(bench: Bench) -> Finding:
    """What does silence after the clip change?"""
    moved = abs(bench.padded_score - float(bench.first.scores[0]))
    return noticed(moved, MOVED, "what half a clip's length of silence at the end moves the score")


def quiet_takes_nothing(bench: Bench) -> Finding:
    """Does next to nothing after the clip take relevance?"""
    relevance = bench.padded.found[0].abs().double()
    share = relevance[bench.clip.shape[1] :].sum() / relevance.sum().clamp(min=1e-30)
    detail = "share of the relevance on as much noise there, 60 dB below the clip"
    return noticed(float(share), ON_SILENCE, detail)


def score_reaches_samples(bench: Bench) -> Finding:
    """How much of the score is absorbed on the way?"""
    account = balance(bench.first)
    share = abs(account.absorbed) / max(abs(account.score), 1e-30)
    detail = (
        f"share of the score that sinks absorb: {account.received:+.4g} of {account.score:+.4g} "
        "reaches the samples"
    )
    return noticed(share, MOSTLY_ABSORBED, detail)


CHECKS: dict[str, Check] = {
    "runs by the rules": runs_by_the_rules,
    "every operation has a rule": operations_have_rules,
    "score depends on samples": score_depends_on_samples,
    "in evaluation mode": in_evaluation_mode,
    "output unchanged": output_unchanged,
    "output unchanged, float64": output_unchanged_double,
    "relevance conserved": conserved,
    "relevance conserved, float64": conserved_double,
    "conserved by every operation": conserved_by_every_operation,
    "relevance is finite": relevance_is_finite,
    "the clip is looked at": clip_is_looked_at,
    "the same twice": same_twice,
    "batch keeps logits": batch_keeps_logits,
    "batch keeps relevance": batch_keeps_relevance,
    "silence keeps the score": silence_keeps_score,
    "quiet takes no relevance": quiet_takes_nothing,
    "score reaches the samples": score_reaches_samples,
}


def answer_of(question: str, bench: Bench) -> Finding:
    """What a check found; where it cannot be made, why."""
    try:
        found = CHECKS[question](bench)
    except (CannotRun, CutOff, UnknownOperation):
        found = Finding(UNCHECKED, None, None, "there is no relevance, see above")
    except CannotCheck as error:
        found = Finding(UNCHECKED, None, None, first_line(error))
    except (MemoryError, torch.OutOfMemoryError):
        found = Finding(UNCHECKED, None, None, "there is not enough memory; try a shorter clip")
    except Exception as error:  # a model that runs plainly, and not like this, has a fault to tell
        found = Finding(FAILED, None, None, first_line(error))
    return replace(found, question=question)


def module_untouched(before: State, plain: State, after: State) -> Finding:
    """Did anything change the module?

    Args:
        before: What it was.
        plain: What it was after it ran by itself, where libraries may hang up hooks of their own.
        after: What it is now.
    """
    own = [name for name in changes(before, plain) if not name.startswith(HOOKS)]
    changed = changes(plain, after)
    detail = f"{len(before)} weights, buffers, modes and hooks as they were"
    if own:
        detail = f"the model's own forward changes {_some(own)}"
    elif changed:
        detail = f"changed: {_some(changed)}"
    return replace(counted(len(own or changed), detail), question="module untouched")


def _logits_apart(one: Tensor, other: Tensor) -> float:
    """Largest difference, as a share of the largest value where that is above one."""
    if torch.equal(one, other):
        return 0.0
    return float((one - other).abs().max() / other.abs().max().clamp(min=1))


def _relevance_apart(one: Tensor, other: Tensor) -> float:
    """Largest difference, as a share of the largest value."""
    if torch.equal(one, other):
        return 0.0
    return float((one - other).abs().max() / other.abs().max().clamp(min=1e-30))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"
