"""Photographs of clothing, prepared like Fashion-MNIST's images and shown to models that never saw a photograph.

collections           the 500 published photographs, labelled by eye, and a person's own folder
labels                which file a line of a table of labels means
recipes               the steps from a photograph to a 28x28 grey image
masks                 which pixels show the garment: GrabCut, border distance, rembg
preparation           every photograph by every recipe, and by every recipe with one step left out
predictions           one variant's outputs for the prepared photographs
accuracy              accuracy by class, attribute and half; the choice of a recipe
comparison            all variants of a study on the same photographs
failed_preparations   test images changed as failed preparations change them, and the class that collects them
own_photo             the command `try`: your own photos and the trained models
"""
