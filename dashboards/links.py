"""What a page was asked, in the address bar: a link makes the page again.

What a widget holds is kept in the session under the widget's key, and stands in the address under
the same name. The address speaks first when it says something that no page wrote there itself: when
a session begins, or when another page leads here.
"""

from collections.abc import Collection, Sequence

import streamlit as st

_PAGE, _SEEN, _UNMET = "links.page", "links.seen", "links.unmet"


def arrive(page: str) -> None:
    """Told by the app which page runs: on another page than before, the address is read anew."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state[_SEEN] = {}


def news(name: str) -> tuple[str, ...]:
    """What the address says for `name` that no page has read or written before; told once."""
    said = tuple(st.query_params.get_all(name))
    if not said or said in _seen(name):
        return ()
    _seen(name).add(said)
    return said


def write(name: str, *said: str) -> None:
    """Put it into the address; nothing takes the name out of it."""
    _seen(name).add(said)
    if tuple(st.query_params.get_all(name)) == said:
        return
    if said:
        st.query_params[name] = list(said)
    else:
        del st.query_params[name]


def adopt(name: str, on_offer: Collection[str]) -> None:
    """Before a widget for one choice is drawn: hand it what the address newly asks for.

    What is not on offer leaves the widget empty, and `unmet` tells of it.
    """
    for said in news(name):
        fits = said in on_offer
        st.session_state[name] = said if fits else None
        miss(name, "" if fits else said)
    if name in st.session_state and st.session_state[name] not in (None, *on_offer):
        del st.session_state[name]  # what is kept from before is no longer on offer


def adopt_all(name: str, on_offer: Collection[str], otherwise: Sequence[str]) -> None:
    """The same for a widget for several choices; those that are not on offer are left out.

    Args:
        name: The widget's key.
        on_offer: What may be chosen.
        otherwise: What is chosen where nothing else is.
    """
    asked = news(name)
    wanted = list(asked or st.session_state.get(name, ()))
    st.session_state[name] = [one for one in wanted if one in on_offer] or list(otherwise)
    if asked:
        miss(name, ", ".join(one for one in asked if one not in on_offer))


def unmet(name: str) -> str:
    """What the address asked for and is not on offer; empty where there is no such thing."""
    return str(st.session_state.get(_UNMET, {}).get(name, ""))


def settle(name: str) -> None:
    """Something else was chosen: what the address asked for in vain is forgotten."""
    miss(name, "")


def miss(name: str, said: str) -> None:
    """Remember what the address asked for and is not on offer."""
    st.session_state.setdefault(_UNMET, {})[name] = said


def _seen(name: str) -> set[tuple[str, ...]]:
    seen: dict[str, set[tuple[str, ...]]] = st.session_state.setdefault(_SEEN, {})
    return seen.setdefault(name, set())
