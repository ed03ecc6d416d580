"""Claims of the studies' reports, and the verdicts on them.

`claim` says what a claim, a test and a rule are; `evidence` gathers what verdicts are computed from; `quantities` and
`measures` compute what tests measure; `judging` decides; `verdicts` and `wording` make tables and sentences. The claims
themselves are in `lookalike.studies`.
"""
