"""Sentences for speech synthesis, made from small grammars: the same seed gives the same text."""

import numpy as np

from xaudio.errors import CorpusError

GRAMMARS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("My neighbour", "The conductor", "A young doctor", "Nobody here", "The old captain",
         "Your sister", "The whole village", "Our teacher", "The night porter", "Every visitor"),
        ("will open", "has forgotten", "carefully painted", "often describes", "never trusted",
         "is looking for", "would gladly share", "quietly removed", "keeps asking about"),
        ("the yellow house", "a broken umbrella", "the last train", "seven wooden boxes",
         "the winter garden", "this strange machine", "a letter from abroad", "the high bridge",
         "fresh bread and cheese", "the shortest road"),
        ("before the rain begins.", "on the other side of the river.", "every Thursday evening.",
         "without saying a word.", "because the shop was closed.", "as soon as you call.",
         "in the middle of the night.", "with both hands."),
    ),
    "es": (
        ("Mi vecino", "La profesora", "El viejo capitán", "Nadie aquí", "Todo el pueblo"),
        ("quiere abrir", "ha olvidado", "busca siempre", "nunca describe", "pintó con cuidado"),
        ("la casa amarilla", "el último tren", "una carta del extranjero", "siete cajas de madera"),
        ("antes de la lluvia.", "al otro lado del río.", "todos los jueves.", "sin decir nada."),
    ),
    "fr": (
        ("Mon voisin", "La maîtresse", "Le vieux capitaine", "Un jeune médecin", "Tout le village"),
        ("veut ouvrir", "a oublié", "cherche toujours", "décrit souvent", "a peint avec soin"),
        ("la maison jaune", "le dernier train", "une lettre étrangère", "sept boîtes en bois"),
        ("avant la pluie.", "de l'autre côté du fleuve.", "tous les jeudis.", "sans dire un mot."),
    ),
    "it": (
        ("Il mio vicino", "La maestra", "Il vecchio capitano", "Un giovane medico", "Il paese"),
        ("vuole aprire", "ha dimenticato", "cerca sempre", "descrive spesso", "ha dipinto"),
        ("la casa gialla", "l'ultimo treno", "una lettera straniera", "sette scatole di legno"),
        ("prima della pioggia.", "dall'altra parte del fiume.", "ogni giovedì.", "in silenzio."),
    ),
    "ru": (
        ("Мой сосед", "Учительница", "Старый капитан", "Молодой врач", "Вся деревня"),
        ("хочет открыть", "забыла про", "всегда ищет", "часто описывает", "осторожно красит"),
        ("жёлтый дом", "последний поезд", "письмо из-за границы", "семь деревянных ящиков"),
        ("перед дождём.", "на другом берегу реки.", "каждый четверг.", "не говоря ни слова."),
    ),
}  # fmt: skip
"""Language -> the choices for each part of a sentence."""


def sentence(language: str, seed: int) -> str:
    """A sentence of that language.

    Example:
        >>> sentence("en", 0) == sentence("en", 0)
        True
    """
    if language not in GRAMMARS:
        raise CorpusError(
            f"There are no sentences for the language '{language}', only for {', '.join(GRAMMARS)}."
        )
    draw = np.random.default_rng(seed)
    return " ".join(parts[draw.integers(len(parts))] for parts in GRAMMARS[language])
