"""Explanations of trained models: where they look, what their layers do, and how far maps can be trusted.

- What to explain: `explain_study`, `explain_variant`, `focus` (focus variants only), `seeds` (every seed), `subject`.
- Maps: `maps` (what a method is), `methods`, `cam`, `attention`, `attributions`, `cells`, `own_photo`, `pair_maps`.
- Tests of maps: `faithfulness`, `sanity`, `localisation`; `photo_model` of the model for photographs.
- Comparisons of maps: `similarity` (of two maps), `class_similarity` (within and between classes), `mass` (position).
- Layers: `convolutions`, `activity`, `drift`, `responses`, `selectivity`, `depth`, `distances`, `representations`.
- Test images: `stimuli`.
"""
