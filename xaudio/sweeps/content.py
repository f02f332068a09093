"""Names made of content: equal content, equal name, wherever and whenever it is computed."""

import hashlib


def content_hash(*parts: str) -> str:
    """SHA-256 over parts, each kept apart from the next, in hexadecimal."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
