"""The local page that classifies your own photos: `lookalike serve`.

- `question`: what the page asks; `classifier`: the answer to it, a part of a page.
- `app`: the addresses, the limits, and who may ask.
"""
