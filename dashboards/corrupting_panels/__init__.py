"""What the page Corrupt is made of: what to do to the clip, and what comes of it."""
