"""MLflow as a view of the files on disk. No other package imports it; here functions do, since that takes seconds.

Histories and metrics on disk are the truth. `publish` brings the view up to date with them, `follow` shows a training
run while it is at work. Neither can cost a result: a store that does not answer causes one warning.
"""
