"""How far the explanation survived the corruption, in numbers."""

import streamlit as st

from dashboards.corrupting_panels.hearing import show_maps
from dashboards.markdown import literal
from xaudio.trying import MovedExplanation, Tried


def show_survival(found: Tried, moved: MovedExplanation) -> None:
    """The sentence, three small maps, and the measures."""
    st.subheader("Does the explanation survive?", anchor=False)
    st.markdown(f"**{literal(moved.sentence)}**")
    show_maps(found, moved)
    st.caption(
        literal(
            f"Relevance for “{moved.before.target}” by {moved.before.method}, each map on its own "
            "scale; that of the corrupted clip is carried back to the original's time."
        )
    )
    drift = moved.drift
    spearman, top, carried, outside = st.columns(4)
    spearman.metric(
        "Rank correlation",
        f"{drift.spearman:.2f}",
        border=True,
        help=f"Spearman's, of relevance over time; chance level {moved.chance:.2f}.",
    )
    top.metric(
        "Top tenth shared",
        f"{drift.top_overlap:.0%}",
        border=True,
        help=f"Of the strongest cells of 20 ms, the share both have; by chance "
        f"{drift.top_chance:.0%}.",
    )
    carried.metric(
        "Carried on average",
        "–" if drift.earth_mover_seconds is None else f"{1000 * drift.earth_mover_seconds:.0f} ms",
        border=True,
        help="How far relevance has to be carried to make one map of the other.",
    )
    outside.metric(
        "On new instants",
        f"{drift.outside:.0%}",
        border=True,
        help="Share of relevance that lies where the original has nothing.",
    )
