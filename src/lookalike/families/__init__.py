"""Findings about families of architectures (CNN, ViT, hybrid, MLP) in one study, from evidence alone.

`all_findings` and `by_variant` compute what `findings` defines from a `measured` study, by the methods in the other
modules: `separability`, `complementary` errors, `cues`, `learning_curves` and their `crossings`, `representations`,
`label_errors`, `calibration`, `outside`. Uncertainty is from `influence` functions and the `jackknife`.
"""
