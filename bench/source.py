"""What reading a configuration costs: files with their check, and stored metadata.

Prints one line for each figure: seconds, best of several. Run with `python -m bench.source`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.source import canonical, tree_from_stored, tree_from_texts
from tests.support.synthetic import configuration

OBJECTS, FIELDS, REPEAT = 200, 50, 5


def best(work: Callable[[], object]) -> float:
    """Give the shortest of several runs, in seconds."""
    times = []
    for _ in range(REPEAT):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Measure and print."""
    texts = configuration(OBJECTS, FIELDS)
    tree, problems = tree_from_texts(texts)
    if problems:
        raise SystemExit("\n".join(map(str, problems)))
    rows = [(key, canonical(doc.data), doc.text) for key, doc in tree.docs.items()]
    sizes = f"{OBJECTS} objects, {FIELDS} fields, {len(rows):,} components"
    print(f"files read and checked   {best(lambda: tree_from_texts(texts)):.3f} s   ({sizes})")
    print(f"stored metadata read     {best(lambda: tree_from_stored(rows)):.3f} s   (the same)")


if __name__ == "__main__":
    main()
