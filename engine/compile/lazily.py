"""A mapping whose values are made when they are first asked for, and then stay.

Separate because a process that starts knows two hundred objects by name and serves a few of them:
what nobody asks for is never compiled. From outside it is an immutable mapping like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import RLock
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class Lazy(Mapping[K, V]):
    """Values by name, each made once by `make`, under a lock that all of one model share."""

    __slots__ = ("_lock", "_made", "_make", "_names")

    def __init__(self, names: Iterable[K], make: Callable[[K], V], lock: RLock) -> None:
        self._names = dict.fromkeys(names)
        self._make, self._lock = make, lock
        self._made: dict[K, V] = {}

    def __getitem__(self, name: K) -> V:
        found = self._made.get(name)
        return self._ask(name) if found is None else found

    def get(self, name: K, default: V | D = None) -> V | D:  # type: ignore[assignment]  # as every mapping has it
        """Give a value, or the default for a name that is not known."""
        found = self._made.get(name)
        if found is not None:
            return found
        return self._ask(name) if name in self._names else default

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[K]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def made(self) -> Mapping[K, V]:
        """What has been asked for so far."""
        return dict(self._made)

    def _ask(self, name: K) -> V:
        if name not in self._names:
            raise KeyError(name)
        with self._lock:
            found = self._made.get(name)
            if found is None:
                found = self._made[name] = self._make(name)
        return found


def made(values: Mapping[K, V]) -> Mapping[K, V]:
    """Give the values of a mapping that are there already: of any other mapping all of them."""
    return values.made if isinstance(values, Lazy) else values
