"""The report's explorer of single images.

`section` writes the section of the page and the files beside it. `packs` holds what one variant predicts of all images,
packed small, and `pictures` the images and the steps of photographs. The scripts are in `../templates/explorer*.js`.
"""
