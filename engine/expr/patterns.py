r"""Regular expressions that cannot hang: the part of the usual syntax that is regular.

Python's own matcher backtracks and may take minutes over thirty characters, and this language lets
people who never heard of that write patterns. So patterns are read here, and matched in time that
grows with the text alone: states are followed side by side and kept as they are met.

Taken: literals, `.`, classes, \d \w \s and their opposites, groups, |, * + ? {m,n}, ^ and $.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from engine.expr.problems import ExprFailed
from engine.locale import later

MAX_STATES = 2_000
_MAX_LENGTH = 1_000
_MAX_REPEAT = 255  # as in PostgreSQL
_MAX_NESTING = 50
_BUDGET = 100_000  # state visits of one match, about 20 ms
_MAX_KEPT = 5_000
_LAST = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]

_DIGITS: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 13), (32, 32))
_NOT_NEWLINE: Ranges = ((0, 9), (11, 12), (14, _LAST))
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class BadPattern(ValueError):
    """A pattern that cannot be used; the message is for its author. `at` is 0-based."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


# --- what a pattern says --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Char:
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class _Anchor:
    is_start: bool


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Part
    least: int
    most: int | None


_Part = _Char | _Anchor | _Sequence | _Choice | _Repeat


def _without(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Give the opposite of a set of characters."""
    rest, after = [], 0
    for first, last in sorted(ranges):
        if first > after:
            rest.append((after, first - 1))
        after = max(after, last + 1)
    return (*rest, (after, _LAST)) if after <= _LAST else tuple(rest)


_ESCAPED: dict[str, Ranges] = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _SPACE,
    "D": _without(_DIGITS),
    "W": _without(_WORD),
    "S": _without(_SPACE),
}


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.nesting = text, 0, 0

    def read(self) -> _Part:
        part = self._choice()
        if self.at < len(self.text):
            raise BadPattern("This `)` closes nothing.", self.at)
        return part

    @property
    def _now(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _choice(self) -> _Part:
        branches = [self._sequence()]
        while self._now == "|":
            self.at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else _Choice(tuple(branches))

    def _sequence(self) -> _Part:
        parts = []
        while self._now not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else _Sequence(tuple(parts))

    def _repeated(self, part: _Part) -> _Part:
        while found := self._quantifier():
            if isinstance(part, _Anchor):
                raise BadPattern("^ and $ cannot be repeated.", self.at - 1)
            part = _Repeat(part, *found)
        return part

    def _quantifier(self) -> tuple[int, int | None] | None:
        sign = self._now
        known: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign in known:
            self.at += 1
            found: tuple[int, int | None] | None = known[sign]
        else:
            found = self._counted() if sign == "{" else None
        if found is not None and self._now == "?":
            self.at += 1  # how little is taken does not matter to a match of the whole
        return found

    def _counted(self) -> tuple[int, int | None]:
        start = self.at
        end = self.text.find("}", start)
        least, comma, most = self.text[start + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not least.isdecimal() or (most and not most.isdecimal()):
            raise BadPattern("After { a count is expected, like {2} or {2,5}.", start)
        low, high = int(least), int(most) if most else (None if comma else int(least))
        if max(low, high or 0) > _MAX_REPEAT or (high is not None and high < low):
            message = f"Counts go up to {_MAX_REPEAT}, the smaller first."
            raise BadPattern(message, start)
        self.at = end + 1
        return low, high

    def _atom(self) -> _Part:
        sign, start = self._now, self.at
        self.at += 1
        if sign == "(":
            return self._group(start)
        if sign == "[":
            return _Char(self._class(start))
        if sign == "\\":
            return _Char(self._escape())
        if sign == ".":
            return _Char(_NOT_NEWLINE)
        if sign in "^$":
            return _Anchor(sign == "^")
        if sign in "*+?{":
            raise BadPattern(f"There is nothing before {sign} to repeat.", start)
        return _Char(((ord(sign), ord(sign)),))

    def _group(self, start: int) -> _Part:
        if self.text.startswith("?:", self.at):
            self.at += 2
        elif self._now == "?":
            raise BadPattern("Groups that begin with (? look around and are not known here.", start)
        self.nesting += 1
        if self.nesting > _MAX_NESTING:
            raise BadPattern("The groups are nested too deeply.", start)
        inner = self._choice()
        self.nesting -= 1
        if self._now != ")":
            raise BadPattern("This ( is never closed.", start)
        self.at += 1
        return inner

    def _escape(self) -> Ranges:
        sign = self._now
        if not sign:
            raise BadPattern("A pattern cannot end with a backslash.", self.at - 1)
        self.at += 1
        if sign in _ESCAPED:
            return _ESCAPED[sign]
        if sign in _CONTROLS:
            code = ord(_CONTROLS[sign])
            return ((code, code),)
        if sign.isalnum():
            raise BadPattern(f"\\{sign} is not known here.", self.at - 2)
        return ((ord(sign), ord(sign)),)

    def _class(self, start: int) -> Ranges:
        is_opposite = self._now == "^"
        self.at += is_opposite
        found: list[tuple[int, int]] = []
        while self._now != "]" or not found:
            if not self._now:
                raise BadPattern("This [ is never closed.", start)
            found.extend(self._class_item())
        self.at += 1
        return _without(found) if is_opposite else tuple(found)

    def _class_item(self) -> Ranges:
        first = self._class_end()
        if self._now != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return first
        dash = self.at
        self.at += 1
        last = self._class_end()
        if len(first) != 1 or len(last) != 1 or first[0][0] > last[0][1]:
            raise BadPattern("A range goes from a smaller to a larger character.", dash)
        return ((first[0][0], last[0][1]),)

    def _class_end(self) -> Ranges:
        sign = self._now
        self.at += 1
        return self._escape() if sign == "\\" else ((ord(sign), ord(sign)),)


# --- how it is matched ----------------------------------------------------------------------------


class _Program:
    """Steps of a pattern. Built once, read only afterwards."""

    def __init__(self, part: _Part) -> None:
        self.kinds: list[str] = []
        self.ranges: list[Ranges] = []
        self.targets: list[tuple[int, ...]] = []
        self._work = 0
        self._write(part)
        self._add("match")

    def _add(self, kind: str, ranges: Ranges = (), targets: tuple[int, ...] = ()) -> int:
        self.kinds.append(kind)
        self.ranges.append(ranges)
        self.targets.append(targets)
        return len(self.kinds) - 1

    def _write(self, part: _Part) -> None:
        self._work += 1  # counted apart from the steps: (x{0}){255} writes none
        if self._work > MAX_STATES:
            raise BadPattern("The pattern is too large; its counts multiply.", 0)
        if isinstance(part, _Char):
            self._add("char", part.ranges)
        elif isinstance(part, _Anchor):
            self._add("start" if part.is_start else "end")
        elif isinstance(part, _Sequence):
            for inner in part.parts:
                self._write(inner)
        elif isinstance(part, _Choice):
            self._write_choice(part.branches)
        else:
            self._write_repeat(part)

    def _write_choice(self, branches: tuple[_Part, ...]) -> None:
        ends = []
        for branch in branches[:-1]:
            fork = self._add("split")
            self._write(branch)
            ends.append(self._add("split"))
            self.targets[fork] = (fork + 1, len(self.kinds))
        self._write(branches[-1])
        for end in ends:
            self.targets[end] = (len(self.kinds),)

    def _write_repeat(self, repeat: _Repeat) -> None:
        for _ in range(repeat.least):
            self._write(repeat.part)
        if repeat.most is None:
            fork = self._add("split")
            self._write(repeat.part)
            self._add("split", targets=(fork,))
            self.targets[fork] = (fork + 1, len(self.kinds))
            return
        forks = []
        for _ in range(repeat.most - repeat.least):
            forks.append(self._add("split"))
            self._write(repeat.part)
        for fork in forks:
            self.targets[fork] = (fork + 1, len(self.kinds))


_State = frozenset[int]


@dataclass(slots=True)
class Pattern:
    """A pattern ready to match.

    `_kept` remembers where each state leads; it only ever grows to a bound, and losing an entry to
    another thread costs time, never a wrong answer.
    """

    program: _Program
    postgresql: str  # the same pattern for PostgreSQL
    _kept: dict[tuple[_State, str], _State] = field(default_factory=dict)

    def matches(self, text: str) -> bool:
        """Tell whether the whole text fits. Cost: O(length of the text) for ordinary patterns.

        Raises: ExprFailed for a match that takes too long.
        """
        state = self._reach([0], is_start=True)
        budget = _BUDGET
        kept = self._kept
        for character in text:
            following = kept.get((state, character))
            if following is None:
                budget -= len(state) * 4
                if budget < 0:
                    raise ExprFailed(later("the pattern takes too long over this text"))
                following = self._step(state, ord(character))
                if len(kept) < _MAX_KEPT:
                    kept[(state, character)] = following
            if not following:
                return False
            state = following
        kinds = self.program.kinds
        final = self._reach(list(state), is_start=not text, is_end=True)
        return any(kinds[place] == "match" for place in final)

    def _step(self, state: _State, code: int) -> _State:
        kinds, ranges = self.program.kinds, self.program.ranges
        moved = [
            place + 1
            for place in state
            if kinds[place] == "char" and any(a <= code <= b for a, b in ranges[place])
        ]
        return self._reach(moved)

    def _reach(self, places: list[int], *, is_start: bool = False, is_end: bool = False) -> _State:
        """Follow everything that takes no character."""
        kinds, targets = self.program.kinds, self.program.targets
        seen: set[int] = set()
        while places:
            place = places.pop()
            if place in seen:
                continue
            seen.add(place)
            kind = kinds[place]
            if kind == "split":
                places.extend(targets[place])
            elif (kind == "start" and is_start) or (kind == "end" and is_end):
                places.append(place + 1)
        return frozenset(place for place in seen if kinds[place] in ("char", "end", "match"))


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises: BadPattern, which is an ExprFailed's reason when the pattern is no constant.
    """
    if len(text) > _MAX_LENGTH:
        raise BadPattern(f"A pattern has at most {_MAX_LENGTH:,} characters.", _MAX_LENGTH)
    part = _Reader(text).read()
    return Pattern(_Program(part), rf"\A(?:{_postgresql(part)})\Z")


# --- the same for PostgreSQL ----------------------------------------------------------------------


def _postgresql(part: _Part) -> str:
    if isinstance(part, _Char):
        return _bracket(part.ranges)
    if isinstance(part, _Anchor):
        return r"\A" if part.is_start else r"\Z"
    if isinstance(part, _Sequence):
        return "".join(map(_postgresql, part.parts))
    if isinstance(part, _Choice):
        return f"(?:{'|'.join(map(_postgresql, part.branches))})"
    most = "" if part.most is None else str(part.most)
    return f"(?:{_postgresql(part.part)}){{{part.least},{most}}}"


def _bracket(ranges: Ranges) -> str:
    if not ranges:
        return "(?!)"  # nothing at all
    return "[" + "".join(f"{_code(max(a, 1))}-{_code(b)}" for a, b in ranges if b) + "]"


def _code(code: int) -> str:
    return f"\\U{code:08X}"
