"""Lookalike: how convolutional networks and vision transformers tell look-alike classes apart."""
