"""The report of a case: that of the explanation, and what was asked about it."""

from collections.abc import Sequence

from xaudio.believing import Belief
from xaudio.editing import HOWS, Asked
from xaudio.records.case import Case
from xaudio.records.record import CaseRecord, RecordedVerdict
from xaudio.reports import html

END = "\n</main>"


def case_page(case: Case, record: CaseRecord) -> str:
    """A page of HTML that needs nothing beside itself."""
    sections = []
    if case.verdict is not None:
        sections.append(_verdict(case.verdict))
    if case.asked:
        sections.append(_asked(case.asked))
    if case.belief is not None:
        sections.append(_belief(case.belief))
    sections.append(_record(record))
    page, _, rest = case.explained.report(case.stretches).rpartition(END)
    return page + "\n" + "\n".join(sections) + END + rest


def _verdict(verdict: RecordedVerdict) -> html.Html:
    return html.section(
        "Verdict",
        html.headline(verdict.verdict, verdict.statement),
        html.facts({"SHA-256 of the calibration": verdict.calibration_sha256}),
    )


def _asked(asked: Sequence[Asked]) -> html.Html:
    rows = [
        (
            number,
            "; ".join(
                f"{edit.region.start:.2f}-{edit.region.end:.2f} s, "
                f"{edit.region.low:.0f}-{min(edit.region.high, one.clip.sample_rate / 2):.0f} Hz "
                f"{HOWS[edit.how]}"
                for edit in one.edits
            ),
            f"{one.target_before:+.3f}",
            f"{one.target_after:+.3f}",
            f"{one.moved:+.3f}",
            one.after.label,
        )
        for number, one in enumerate(asked, start=1)
    ]
    head = ["Question", "Edits, in order", "Before", "After", "Moved", "Decision after"]
    caption = f"Before, after and moved: '{asked[0].target}'."
    return html.section("Edited and asked again", html.table(head, rows, caption))


def _belief(belief: Belief) -> html.Html:
    rows = [
        ("holds" if each.passed else "not shown", each.claim, each.sentence)
        for each in belief.checks
    ]
    rows += [("not checked", each.claim, each.reason) for each in belief.unchecked]
    return html.section(
        "Is this map believable?",
        html.paragraph(belief.sentence),
        html.table(["", "Claim", "What was found"], rows),
    )


def _record(record: CaseRecord) -> html.Html:
    return html.section(
        "Case record",
        html.paragraph(
            "The file record.json beside this page holds all of this for programs. To make it "
            "again and see what differs:"
        ),
        html.code("xaudio reproduce record.json"),
        html.facts(
            {"Made": record.made, "SHA-256 of what the model heard": record.clip.heard_sha256}
        ),
    )
