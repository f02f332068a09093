"""What a decoder says to whoever asked: the first byte of each message."""

BLOCK = b"b"  # four bytes of rate in hertz, then samples, float32
CHAIN = b"c"  # how they were decoded, and that there are no more
REFUSED = b"r"  # a sentence why not
TOO_LARGE = b"m"  # it needs more memory than it may take
