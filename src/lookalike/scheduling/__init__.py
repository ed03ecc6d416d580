"""The stages of the pipeline on several processes or machines, each run by DVC itself.

- `run`: what `lookalike run` does, from the stale stages to the summary.
- `graph`: the stages as DVC knows them; `times`: how long they took, and how long the rest will take.
- `workers`: on this machine, of a running Dask scheduler, or as jobs of SLURM; `settings`: of those jobs.
- `attempt`: what a worker does with a stage; `clones`: a worker in a clone of its own, and the DVC remote between.
- `supervisor`: the process that ends a stage when its worker is gone.
- `progress`: the table on the screen.
"""
