"""Every metric the slow way: each threshold tried one at a time, in plain Python and fractions.

Nothing here knows numpy or the code under test.
"""

import math
from fractions import Fraction


def thresholds(*classes):
    return [*sorted({score for scores in classes for score in scores}), math.inf]


def share(scores, condition):
    return Fraction(sum(condition(score) for score in scores), len(scores))


def rates(bonafide, spoof, threshold):
    """False rejections and false acceptances."""
    return (
        share(bonafide, lambda score: score < threshold),
        share(spoof, lambda score: score >= threshold),
    )


def curve(bonafide, spoof):
    return [rates(bonafide, spoof, threshold) for threshold in thresholds(bonafide, spoof)]


def eer(bonafide, spoof):
    points = curve(bonafide, spoof)
    return float(sum(min(points, key=lambda point: abs(point[0] - point[1]))) / 2)


def eer_convex_hull(bonafide, spoof):
    """Highest over all priors of the lowest share of errors; between any two points one prior."""
    points = set(curve(bonafide, spoof))
    highest = Fraction(0)
    for one in points:
        for other in points:
            rise, fall = other[0] - one[0], one[1] - other[1]
            if rise > 0 and fall > 0:
                prior = fall / (rise + fall)
                highest = max(highest, min(prior * p[0] + (1 - prior) * p[1] for p in points))
    return float(highest)


def dcf(bonafide, spoof, threshold, prior=0.05, miss=1.0, false_acceptance=10.0):
    rejected, accepted = rates(bonafide, spoof, threshold)
    rejecting, accepting = miss * (1 - prior), false_acceptance * prior
    return (rejecting * rejected + accepting * accepted) / min(rejecting, accepting)


def min_dcf(bonafide, spoof, **costs):
    return min(dcf(bonafide, spoof, t, **costs) for t in thresholds(bonafide, spoof))


def actual_dcf(bonafide, spoof):
    return dcf(bonafide, spoof, -math.log(0.95 / 0.5))


def cllr(bonafide, spoof):
    rejected = sum(math.log2(1 + math.exp(-score)) for score in bonafide) / len(bonafide)
    accepted = sum(math.log2(1 + math.exp(score)) for score in spoof) / len(spoof)
    return (rejected + accepted) / 2


def min_cllr(bonafide, spoof):
    """Pool adjacent violators by hand: merge neighbours until the shares of bona fide rise."""
    blocks = []
    for score in thresholds(bonafide, spoof)[:-1]:
        blocks.append([bonafide.count(score), spoof.count(score)])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1]]
    cost = 0.0
    for held, other in blocks:
        if held and other:
            ratio = (held / len(bonafide)) / (other / len(spoof))
            cost += held / len(bonafide) * math.log2(1 + 1 / ratio)
            cost += other / len(spoof) * math.log2(1 + ratio)
    return cost / 2


def area(bonafide, spoof):
    above = sum((b > s) + (b == s) / 2 for b in bonafide for s in spoof)
    return above / len(bonafide) / len(spoof)


def asv_rates(target, nontarget, spoof, threshold):
    """Misses, acceptances of nontargets, acceptances of spoofs."""
    return (
        share(target, lambda score: score < threshold),
        share(nontarget, lambda score: score >= threshold),
        share(spoof, lambda score: score >= threshold),
    )


def min_tdcf_2019(bonafide, spoof, asv):
    miss, false_acceptance, spoof_acceptance = map(float, asv)
    first = 0.9405 * (1 - miss) - 0.0095 * 10 * false_acceptance
    second = 10 * 0.05 * spoof_acceptance
    costs = (first * float(m) + second * float(f) for m, f in curve(bonafide, spoof))
    return min(costs) / min(first, second)


def min_tdcf_2021(bonafide, spoof, asv):
    miss, false_acceptance, spoof_acceptance = map(float, asv)
    constant = 0.9405 * miss + 0.0095 * 10 * false_acceptance
    first, second = 0.9405 - constant, 10 * 0.05 * spoof_acceptance
    costs = (constant + first * float(m) + second * float(f) for m, f in curve(bonafide, spoof))
    return min(costs) / (constant + min(first, second))


def adcf(target, nontarget, spoof, threshold):
    miss, false_acceptance, spoof_acceptance = asv_rates(target, nontarget, spoof, threshold)
    cost = 0.9 * miss + 10 * 0.05 * false_acceptance + 20 * 0.05 * spoof_acceptance
    return cost / min(0.9, 10 * 0.05 + 20 * 0.05)


def min_adcf(target, nontarget, spoof):
    tried = thresholds(target, nontarget, spoof)
    return min(adcf(target, nontarget, spoof, threshold) for threshold in tried)


def teer_path(bonafide, spoof, asv, prevalence):
    """Per verifier threshold: the two thresholds, misses, nontargets and spoofs accepted."""
    points = list(zip(thresholds(bonafide, spoof), curve(bonafide, spoof), strict=True))
    path = []
    for asv_threshold in thresholds(*asv):
        miss, nontarget, spoofed = asv_rates(*asv, asv_threshold)
        if (1 - prevalence) * nontarget + prevalence * spoofed < miss:
            continue
        tandem = [
            (t, 1 - (1 - m) * (1 - miss), (1 - m) * nontarget, f * spoofed) for t, (m, f) in points
        ]
        nearest = min(tandem, key=lambda p: abs(p[1] - (1 - prevalence) * p[2] - prevalence * p[3]))
        path.append((asv_threshold, *nearest))
    return path


def concurrent_teer(bonafide, spoof, asv):
    half = Fraction(1, 2)
    best = min(teer_path(bonafide, spoof, asv, half), key=lambda point: abs(point[3] - point[4]))
    return float((best[2] + half * best[3] + half * best[4]) / 2)
