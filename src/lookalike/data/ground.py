"""What is ground and not object in an image of a garment or a digit."""

EMPTY = 0.04  # of [0, 1]: a darker pixel is ground
