"""Several methods on one clip: small pictures beside each other, and how far they agree."""

from collections.abc import Mapping

import streamlit as st

from dashboards.markdown import literal
from dashboards.panels.theme import theme
from xaudio.comparing import Agreement, Look, compared, small_map
from xaudio.explained import ExplainedClip


def show_side_by_side(answers: Mapping[str, ExplainedClip]) -> None:
    """A small picture for each method, and their agreement.

    Args:
        answers: By method; at least two, none of the whole voice.
    """
    for column, (method, explained) in zip(st.columns(len(answers)), answers.items(), strict=True):
        with column:
            st.markdown(f"**{literal(method)}**")
            st.image(small_map(explained, explained.clip.seconds, theme()), width="stretch")
    comparison = compared([Look(method, explained) for method, explained in answers.items()])
    st.markdown(literal(comparison.sentence))
    st.dataframe(
        [
            {
                "one": one,
                "other": other,
                "agreement": agreement.value,
                "interval": interval_in_words(agreement),
                "chance": agreement.chance,
            }
            for one, other, agreement in comparison.pairs()
        ],
        hide_index=True,
        column_config={
            "one": "Method",
            "other": "Other method",
            "agreement": st.column_config.NumberColumn("Rank correlation", format="%.2f"),
            "interval": "95 % interval",
            "chance": st.column_config.NumberColumn(
                "By chance",
                format="%.2f",
                help="Maps that know nothing of each other stay below this in 19 draws of 20.",
            ),
        },
    )


def interval_in_words(agreement: Agreement) -> str:
    """Its ends; a dash where there is none.

    >>> interval_in_words(Agreement(0.5, 0.25, 0.75))
    '0.25 to 0.75'
    """
    if agreement.low is None or agreement.high is None:
        return "–"
    return f"{agreement.low:.2f} to {agreement.high:.2f}"
