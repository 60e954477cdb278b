"""Largest flow in a small network with whole-number capacities, and the cut that proves it."""

from collections import deque

import msgspec


class Flow(msgspec.Struct, frozen=True):
    """A largest flow: its size, what each edge carries, and the nodes still reachable from the source."""

    size: int
    carried: tuple[int, ...]
    reachable: frozenset[int]


class Network:
    """A directed network under construction. Nodes are small integers; node 0 is the source."""

    __slots__ = ("heads", "leaving", "room", "tops")

    def __init__(self, nodes: int) -> None:
        self.leaving: list[list[int]] = [[] for _ in range(nodes)]
        self.heads: list[int] = []
        self.room: list[int] = []
        self.tops: list[int] = []

    def edge(self, tail: int, head: int, capacity: int) -> int:
        """Add an edge; return its number, under which `Flow.carried` lists it."""
        number = len(self.tops)
        self.tops.append(capacity)
        for here, there, room in ((tail, head, capacity), (head, tail, 0)):
            self.leaving[here].append(len(self.heads))
            self.heads.append(there)
            self.room.append(room)
        return number

    def solve(self, sink: int) -> Flow:
        """Return a largest flow from node 0 to `sink`. Uses up the network.

        Shortest augmenting paths (Edmonds and Karp 1972): O(nodes × edges²), whatever the capacities.
        """
        size = 0
        while True:
            arrived = self._search(sink)
            if sink not in arrived:
                break
            path = []
            node = sink
            while node != 0:
                path.append(arrived[node])
                node = self.heads[arrived[node] ^ 1]
            step = min(self.room[arc] for arc in path)
            for arc in path:
                self.room[arc] -= step
                self.room[arc ^ 1] += step
            size += step
        carried = tuple(top - self.room[2 * number] for number, top in enumerate(self.tops))
        return Flow(size, carried, frozenset(arrived))

    def _search(self, sink: int) -> dict[int, int]:
        """Return the arc by which each node is reached on a shortest path (the source: -1)."""
        arrived = {0: -1}
        waiting = deque([0])
        while waiting and sink not in arrived:
            node = waiting.popleft()
            for arc in self.leaving[node]:
                head = self.heads[arc]
                if self.room[arc] > 0 and head not in arrived:
                    arrived[head] = arc
                    waiting.append(head)
        return arrived
