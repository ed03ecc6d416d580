"""Evaluation of trained variants, and the statistics that all comparisons use.

With models: `evaluate_variant` and what it calls (`inference`, `corrupted_images`, `cue_images`, `outside`, `views`,
`readouts`, `suspects`, `photo_outputs`). From evidence alone: `scores` of one variant, `pairs`, `complementary_errors`,
`look_alikes` and `robustness` of a study. Methods: `metrics`, `calibration`, `selective_prediction`, `distance`,
`statistics` (intervals over images) and `hierarchical` (over seeds and images).
"""
