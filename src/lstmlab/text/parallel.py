"""Work on a stream of tasks by several threads or processes, in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Label = TypeVar("Label")
Argument = TypeVar("Argument")
Result = TypeVar("Result")


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not everywhere; elsewhere all cores of the machine
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    pool: Executor, function: Callable[[Argument], Result], tasks: Iterable[tuple[Label, Argument]], pending: int
) -> Iterator[tuple[Label, Result]]:
    """Each task's label with the function of its argument, in the order of the tasks; ``pending`` are taken ahead."""
    waiting: deque[tuple[Label, Future[Result]]] = deque()
    try:
        for label, argument in tasks:
            waiting.append((label, pool.submit(function, argument)))
            if len(waiting) >= pending:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:  # also where the one who asked stops asking
        for _, future in waiting:
            future.cancel()
