"""Training of one variant.

- `train_variant`: all seeds of a variant; `settings`: its settings within a budget; `search`: of its learning rate.
- `loop`: the training loop; `optimisation`: optimisers and schedules; `contrast`, `smoothing`: losses and targets.
- `checkpoint`, `run_folder`: continuing a killed run; `pretrained`: published weights to start from.
"""
