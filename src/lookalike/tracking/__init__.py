"""MLflow as a view of what lies on disk: the only package that imports it, inside functions (it takes seconds).

Histories and metrics on disk are the truth. `publish` brings the view up to date with them, `follow` shows a training
while it runs; neither ever costs a result: a store that does not answer is worth one warning.
"""
