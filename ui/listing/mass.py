"""Selected records moved to the bin or taken out of it, each on its own: good ones stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import PatronError
from engine.session import Session
from web.texts import say
from web.visit import Visit

MOST = 200  # records of one page
DELETE, RESTORE, MERGE = "delete", "restore", "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class MassResult:
    """What became of the selected records: ids that are done, and sentences about the others."""

    done: tuple[int, ...]
    refused: tuple[str, ...]


def read_ids(given: Sequence[str]) -> list[int]:
    """Read the ids of ticked rows; what is none is left out, and so is everything beyond a page."""
    ids = [
        int(text)
        for text in given
        if text.isascii() and text.isdigit() and len(text) < len("1" * 17)
    ]
    return list(dict.fromkeys(ids))[:MOST]


def carry_out(visited: Visit, name: str, op: str, ids: Sequence[int]) -> MassResult:
    """Delete or restore records, each in a transaction of its own.

    Raises: NotFound N100 for an object that the visitor may not read.
    """
    visited.read(lambda session: session.compiled(name))
    done: list[int] = []
    refused: dict[str, list[int]] = {}
    for number in ids:
        try:
            visited.write(_work(name, op, number))
            done.append(number)
        except PatronError as error:
            hint = f" ({error.hint})" if error.hint else ""
            refused.setdefault(f"{say(error.message)}{hint}", []).append(number)
    return MassResult(
        done=tuple(done),
        refused=tuple(
            say("{count} not done: {reason}", count=len(numbers), reason=reason)
            for reason, numbers in refused.items()
        ),
    )


def _work(name: str, op: str, number: int) -> Callable[[Session], object]:
    if op == RESTORE:
        return lambda session: session.restore(name, number)
    return lambda session: session.delete(name, number)
