"""The architectures. A new one is a module of its own here, with a line in `registry`.

- `registry`: models by name; `macs`: multiply-accumulates.
- `base`: base classes; `layers`, `attention`, `initialisation`: what several architectures share.
- `lenet1`, `lenet5`, `lenet5_modern`, `mnist_mlp`, `mnist_net`: networks for digits.
- `fashion_cnn`, `fashion_vit`, `fashion_transfg`: the networks of the fashion study.
- `simple_cnn`, `vgg`, `filter_net`, `four_layer_net`, `residual_net`, `alexnet`: networks for colour images.
- `vit`: the vision transformer; `zoo` and `zoo_*`: networks of timm and torchvision, with their published weights.
"""
