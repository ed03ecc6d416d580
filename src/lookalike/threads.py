"""The number of threads that libraries of linear algebra use."""

from threadpoolctl import threadpool_limits


def one_thread() -> threadpool_limits:
    """A context in which BLAS and OpenMP use one thread. It affects only libraries that are loaded already.

    The analyses' problems are so small that several threads mostly wait for each other. Several threads also add in
    another order, so results would depend on the number of cores.
    """
    return threadpool_limits(1)
