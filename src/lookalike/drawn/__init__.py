"""Images drawn by this project: the demonstration needs no download.

canvas        strokes, poses, painting, light and patterns, which all drawings share
garments      28x28 grey garments in the ten classes of Fashion-MNIST
objects       32x32 coloured objects in the ten classes of CIFAR-10
photographs   320x240 scenes: the garments on a plain, textured or cluttered ground, with masks
clothes       96x96 scenes in the ten classes of the clothing data set: garments, hats, shorts and skirts

`data.embedded` serves garments, objects and clothes as data sets; `photographs.preparation` uses the scenes in place of
photographs. The same seed always gives the same pixels: image k depends on the seed and on k alone.
"""
