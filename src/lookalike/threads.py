"""The number of threads that libraries of linear algebra use."""

from threadpoolctl import threadpool_limits


def one_thread() -> threadpool_limits:
    """A context in which BLAS and OpenMP use one thread; it concerns libraries that were loaded before.

    On problems as small as those of the analyses more threads mostly wait for each other. They also add up in another
    order, so that results would depend on the number of cores.
    """
    return threadpool_limits(1)
