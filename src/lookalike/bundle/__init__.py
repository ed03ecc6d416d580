"""Evidence from a machine without DVC and MLflow: pack variants here, run them there, and bring the evidence back.

`pack` writes one zip file with code, settings and data. There, `run` trains, evaluates, explains and embeds, and writes
`evidence-<n>.zip` files (`evidence`). Here, `unpack` checks and unpacks them.
"""
