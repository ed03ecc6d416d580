"""Maps and clusters of a variant's penultimate features.

`embed_variant` maps and clusters them: `projection` (PCA, t-SNE), `mixture` (Gaussian mixtures, k-means), `neighbours`
(quality of the map) and `agreement` (clusters against classes). `features` computes those of further seeds.
"""
