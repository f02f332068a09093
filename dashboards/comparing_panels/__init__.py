"""What the page Compare is made of: which looks, the maps beside each other, how far they agree."""
