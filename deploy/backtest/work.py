"""Every case in every order, by as many processes as asked."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from deploy.backtest.beside import ROWS_LARGE, Compared, Driver, Other, others
from deploy.backtest.cases import Case
from deploy.backtest.orders import CHANCY
from deploy.backtest.runs import Cell, Task, moments, run

Done = tuple[list[Cell], list[Other]]


class Worker:
    """Does tasks in one process."""

    def __init__(self, cases: Sequence[Case], checkpoints: Sequence[int], compared: Compared | None) -> None:
        self.cases, self.checkpoints, self.compared = cases, checkpoints, compared
        self.driver = None if compared is None else Driver(compared.python)

    def do(self, task: Task) -> Done:
        """Count a case again in an order; and what is run beside us, at the same moments."""
        case = self.cases[task.case]
        cells = run(case, task, self.checkpoints)
        if self.compared is None or self.driver is None or not case.places.based:
            return cells, []
        asked = self.compared.large if len(case.came) > ROWS_LARGE else self.compared.checkpoints
        order = case.order(task.order, task.seed)
        at = moments(case, order, [one for one in self.checkpoints if one in asked])
        return cells, [other for moment in at for other in others(case, task, moment, self.driver)]


_worker: list[Worker] = []


def _begin(cases: Sequence[Case], checkpoints: Sequence[int], compared: Compared | None) -> None:
    _worker.append(Worker(cases, checkpoints, compared))


def _do(task: Task) -> Done:
    return _worker[-1].do(task)


def tasks_of(cases: Sequence[Case], orders: Sequence[str], seeds: int) -> list[Task]:
    """Every case in every order, the largest first; several seeds where an order is one of chance."""
    by_size = sorted(range(len(cases)), key=lambda number: -len(cases[number].came))
    return [
        Task(number, order, seed)
        for number in by_size
        for order in orders
        for seed in range(seeds if order in CHANCY else 1)
    ]


def done(
    cases: Sequence[Case],
    checkpoints: Sequence[int],
    compared: Compared | None,
    tasks: Sequence[Task],
    jobs: int,
) -> Iterator[Done]:
    """What each task came to, as it is done."""
    if jobs == 1:
        worker = Worker(cases, checkpoints, compared)
        yield from (worker.do(task) for task in tasks)
        return
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(cases, checkpoints, compared)) as pool:
        waiting = [pool.submit(_do, task) for task in tasks]
        for one in as_completed(waiting):
            yield one.result()
