"""From the written tree to the typed one: names resolved, operators chosen, types compared.

All problems of an expression are reported at once, each under its character, in an admin's words.
A problem that follows from another is not repeated: what has one has no type and is not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from engine.expr.closures import folded
from engine.expr.context import USER_FIELDS
from engine.expr.functions import FUNCTIONS, OPERATORS
from engine.expr.functions.base import Exact, Function
from engine.expr.functions.comparing import LIKE_TEXT
from engine.expr.functions.logic import CASE_TEXT, ISNULL_TEXT, NULLVALUE_TEXT, SETTLE
from engine.expr.functions.numbers import GUARD
from engine.expr.patterns import BadPattern, compile_pattern
from engine.expr.problems import Flaw
from engine.expr.scales import places_of_call
from engine.expr.syntax import Constant, Infix, Invocation, Name, Prefix, Syntax
from engine.expr.tree import Call, ContextRead, FieldRead, Literal, Node, ValueAttribute
from engine.expr.types import (
    CHECKBOX,
    LOOKUP,
    NULL,
    NUMBER,
    TEXT,
    ExprType,
    Kind,
    Scope,
    common,
)
from engine.expr.wording import cannot_be_joined, describe, wrong_argument
from engine.model.fields.base import Value
from engine.names import MAX_PATH, did_you_mean

_LOGIC = frozenset({"AND", "OR", "NOT", "IF"})  # these know what a blank condition is
_FOR_TEXTS = {"NULLVALUE": NULLVALUE_TEXT, "ISNULL": ISNULL_TEXT}


class Checker:
    """Checks one expression. `problems` collects what was found; `check` gives None beside it."""

    def __init__(self, scope: Scope, *, blank_zero: bool = False) -> None:
        self._scope, self._blank_zero = scope, blank_zero
        self.problems: list[Flaw] = []

    def check(self, written: Syntax) -> Node | None:
        """Give the typed node, or None with problems noted."""
        if isinstance(written, Infix):
            return self._infix(written)
        try:
            return self._one(written)
        except Flaw as flaw:
            self.problems.append(flaw)
            return None

    def _one(self, written: Syntax) -> Node | None:
        if isinstance(written, Constant):
            return _constant(written)
        if isinstance(written, Name):
            return self._name(written)
        if isinstance(written, Prefix):
            operand = self.check(written.operand)
            return (
                None if operand is None else self._operator(written.sign, [operand], written.start)
            )
        assert isinstance(written, Invocation)  # `check` takes Infix itself
        return self._invocation(written)

    # --- names ------------------------------------------------------------------------------------

    def _name(self, name: Name) -> Node:
        path = name.path
        if path[0].startswith("$"):
            return self._surroundings(name)
        found = self._scope.resolve(path) if len(path) <= MAX_PATH + 1 else None
        if found is not None:
            return self._read(".".join(path), found, name.start)
        picklist = self._scope.resolve(path[:-1]) if 1 < len(path) <= MAX_PATH + 2 else None
        if picklist is not None and picklist.kind is Kind.PICKLIST:
            of = FieldRead(".".join(path[:-1]), picklist, start=name.start)
            return self._attribute(of, path[-1], name)
        raise self._unknown(name)

    def _read(self, path: str, type: ExprType, start: int) -> Node:
        is_zero = self._blank_zero and type.kind is Kind.NUMBER
        return FieldRead(path, type, is_zero, start)

    def _attribute(self, of: FieldRead, wanted: str, name: Name) -> Node:
        values = of.type.values
        given = {v.name: v.attributes[wanted] for v in values.values() if wanted in v.attributes}
        if not given:
            known = {key for value in values.values() for key in value.attributes}
            message = f"No value of {of.path} has an attribute `{wanted}`."
            raise Flaw("M301", message, name.end - len(wanted), did_you_mean(wanted, sorted(known)))
        types = [_type_of(value) for value in given.values()]
        found = common(types)
        if found is None:
            message = f"The attribute `{wanted}` of {of.path} is not of one type in all values."
            raise Flaw("M304", message, name.start)
        by_value: dict[str, Value] = {key: _plain(value) for key, value in given.items()}
        if found.kind is Kind.CHECKBOX:
            by_value = {key: by_value.get(key, False) for key in values}
        return ValueAttribute(of, wanted, by_value, found, name.start)

    def _surroundings(self, name: Name) -> Node:
        root, *rest = name.path
        shown = ".".join(name.path)
        if root == "$user" and len(rest) == 1 and rest[0] in USER_FIELDS:
            return ContextRead("user", rest[0], USER_FIELDS[rest[0]], name.start)
        if root == "$env" and len(rest) == 1:
            found = self._scope.resolve(name.path)
            if found is None and self._scope.knows("env", rest[0]):
                found = TEXT
            if found is None:
                message = f"There is no environment value `{rest[0]}`."
                raise Flaw("M308", message, name.start, "declare it in env_vars.yaml")
            return ContextRead("env", rest[0], found, name.start)
        found = self._scope.resolve(name.path)
        if found is not None:
            return ContextRead("given", shown, found, name.start)
        known = [f"$user.{key}" for key in USER_FIELDS]
        raise Flaw("M301", f"There is no `{shown}`.", name.start, did_you_mean(shown, known))

    def _unknown(self, name: Name) -> Flaw:
        """Find the first step that leads nowhere."""
        if len(name.path) > MAX_PATH + 2:
            message = f"A path follows at most {MAX_PATH} lookups."
            return Flaw("M301", message, name.start)
        for place in range(len(name.path)):
            here = name.path[: place + 1]
            if self._scope.resolve(here) is not None:
                continue
            step, before = here[-1], here[:-1]
            known = list(self._scope.names(before))
            hint = did_you_mean(step, known)
            if not before and step.upper() in FUNCTIONS:
                hint = f"{step.upper()} is a function: write {step.upper()}(…)"
            where = f" of {'.'.join(before)}" if before else ""
            return Flaw("M301", f"There is no field `{step}`{where}.", name.start, hint)
        return Flaw("M301", f"There is no field `{'.'.join(name.path)}`.", name.start)

    # --- operators --------------------------------------------------------------------------------

    def _infix(self, written: Infix) -> Node | None:
        """Check a chain of operators from left to right, without recursion along the chain."""
        spine = [written]
        while isinstance(spine[-1].operands[0], Infix):
            spine.append(spine[-1].operands[0])
        left = self.check(spine[-1].operands[0])
        for infix in reversed(spine):
            others = [self.check(operand) for operand in infix.operands[1:]]
            left = self._chained(infix, [left, *others])
        return left

    def _chained(self, infix: Infix, operands: list[Node | None]) -> Node | None:
        typed = [operand for operand in operands if operand is not None]
        if len(typed) < len(operands):
            return None
        try:
            return self._operator(infix.sign, typed, infix.places[0])
        except Flaw as flaw:
            self.problems.append(flaw)
            return None

    def _operator(self, sign: str, operands: list[Node], at: int) -> Node:
        operands = self._adapted(sign, operands)
        types = [operand.type for operand in operands]
        fitting = [f for f in OPERATORS[sign] if _fits(f, types)]
        if not fitting:
            raise cannot_be_joined(sign, operands, at)
        function = fitting[0]
        if all(kind is Kind.NULL for kind in (t.kind for t in types)):
            function = fitting[-1] if function.name.endswith("_text") else function
        return self._call(function, operands, at)

    def _adapted(self, sign: str, operands: list[Node]) -> list[Node]:
        """Take whole numbers for ids beside a lookup, and refuse unknown picklist values."""
        if sign not in ("=", "<>", "IN"):
            return operands
        return self._comparable(operands)

    def _comparable(self, operands: Sequence[Node]) -> list[Node]:
        found = {operand.type.kind for operand in operands}
        picklist = next((o for o in operands if o.type.kind is Kind.PICKLIST), None)
        adapted = []
        for operand in operands:
            if picklist is not None:
                self._known_value(picklist, operand)
            adapted.append(_as_id(operand) if Kind.LOOKUP in found else operand)
        return adapted

    def _known_value(self, picklist: Node, operand: Node) -> None:
        if not isinstance(operand, Literal) or not isinstance(operand.value, str):
            return
        values = picklist.type.values
        if values and operand.value not in values:
            message = f'"{operand.value}" is no value of {describe(picklist)}.'
            raise Flaw("M307", message, operand.start, did_you_mean(operand.value, list(values)))

    # --- functions --------------------------------------------------------------------------------

    def _invocation(self, written: Invocation) -> Node | None:
        name = written.name.upper()
        function = FUNCTIONS.get(name)
        if function is None:
            hint = did_you_mean(name, FUNCTIONS)
            raise Flaw("M302", f"There is no function {written.name}.", written.start, hint)
        arguments = [self.check(argument) for argument in written.arguments]
        self._counted(function, len(arguments), written)
        typed = [argument for argument in arguments if argument is not None]
        if len(typed) < len(arguments):
            return None
        if name in ("CASE", "ISPICKVAL"):
            typed = self._with_values(name, typed)
        for place, argument in enumerate(typed):
            self._fitting(function, place, argument, typed)
        self._alike(function, typed)
        if name == "VLOOKUP":
            function = self._looking_up(function, typed)
        return self._call(_variant(function, typed), typed, written.start)

    def _with_values(self, name: str, arguments: list[Node]) -> list[Node]:
        """Look at the values that CASE and ISPICKVAL compare as `=` would."""
        places = [0, *range(1, len(arguments) - 1, 2)] if name == "CASE" else [0, 1]
        compared = self._comparable([arguments[place] for place in places])
        adapted = list(arguments)
        for place, node in zip(places, compared, strict=True):
            adapted[place] = node
        return adapted

    def _counted(self, function: Function, given: int, written: Invocation) -> None:
        most = None if function.repeats else len(function.parameters)
        is_paired = function.name != "CASE" or given % 2 == 0
        if given >= function.least and (most is None or given <= most) and is_paired:
            return
        if not function.parameters:
            message = f"{function.name} takes nothing between its parentheses."
        else:
            message = f"{function.shown()} is given {given} argument{'s' if given != 1 else ''}."
        raise Flaw("M303", message, written.start, function.doc)

    def _fitting(
        self, function: Function, place: int, argument: Node, arguments: Sequence[Node]
    ) -> None:
        parameter = function.parameter(place)
        assert parameter is not None  # arguments were counted
        kind = argument.type.kind
        if kind not in parameter.kinds and not (kind is Kind.NULL and parameter.takes_blank):
            raise wrong_argument(function, parameter, argument)
        if parameter.role:
            self._role(parameter.role, function, argument, arguments)

    def _role(
        self, role: str, function: Function, argument: Node, arguments: Sequence[Node]
    ) -> None:
        """Check what a parameter asks beyond its type."""
        if role == "field":
            if not isinstance(argument, FieldRead) or "." in argument.path:
                message = f"{function.name} needs a field of the record itself."
                raise Flaw("M312", message, argument.start)
            return
        constant = argument.value if isinstance(argument, Literal) else None
        if role in ("permission", "role", "constant") and not isinstance(constant, str):
            message = f"{function.name} needs a name in quotes here."
            raise Flaw("M312", message, argument.start)
        if not isinstance(constant, str):
            return
        if role in ("permission", "role") and not self._scope.knows(role, constant):
            raise Flaw("M308", f'There is no {role} "{constant}".', argument.start)
        if role == "value":
            self._known_value(arguments[0], argument)
        if role == "pattern":
            _readable_pattern(constant, argument.start)

    def _looking_up(self, function: Function, arguments: Sequence[Node]) -> Function:
        """Find the fields that VLOOKUP names; it gives what the wanted one holds."""
        names = [node.value if isinstance(node, Literal) else None for node in arguments[:3]]
        if not self._scope.knows("object", str(names[0])):
            raise Flaw("M301", f'There is no object "{names[0]}".', arguments[0].start)
        types = []
        for place in (1, 2):
            found = self._scope.elsewhere(str(names[0]), str(names[place]))
            if found is None:
                message = f'"{names[0]}" keeps no field "{names[place]}" that could be looked up.'
                raise Flaw("M301", message, arguments[place].start, "formulas are not kept")
            types.append(found)
        wanted, key = types
        if common([key, arguments[3].type]) is None:
            message = f"{names[2]} is {key} and {describe(arguments[3])} {arguments[3].type}."
            raise Flaw("M304", message, arguments[3].start, "look for a value of the key's type")
        return replace(function, result=wanted)

    def _alike(self, function: Function, arguments: Sequence[Node]) -> None:
        if function.alike is None:
            return
        for places in function.alike(len(arguments)):
            group = [arguments[place] for place in places]
            if common([node.type for node in group]) is None:
                first = next(node for node in group if node.type.kind is not Kind.NULL)
                other = next(node for node in group if common([first.type, node.type]) is None)
                message = (
                    f"{function.name} needs values of one type: {describe(first)} is {first.type} "
                    f"and {describe(other)} {other.type}."
                )
                raise Flaw("M304", message, other.start)

    def _call(self, function: Function, arguments: Sequence[Node], at: int) -> Node:
        """Build the call, with what blank conditions and inexact numbers need around them."""
        if function.name == "LABEL":
            return _label(arguments[0], at)
        ready = list(arguments)
        if function.name not in _LOGIC:
            ready = [_settled(argument) for argument in ready]
        are_exact = all(argument.is_exact for argument in ready)
        if function.guards and not are_exact:
            places = function.alike(len(ready))[0] if function.alike else range(len(ready))
            ready = [_guarded(a) if p in places else a for p, a in enumerate(ready)]
        if function.inexact is not None and not are_exact:
            function = function.inexact
        ready = _typed_blanks(function, ready)
        result = function.result
        type_ = result if isinstance(result, ExprType) else result(ready)
        if type_.kind is Kind.NULL:
            return Literal(None, NULL, at)
        is_exact = function.exact is Exact.ALWAYS or (
            function.exact is Exact.AS_ARGUMENTS and are_exact
        )
        if type_.kind is Kind.NUMBER:
            type_ = replace(type_, decimals=places_of_call(function, ready) if is_exact else None)
        return folded(Call(function, tuple(ready), type_, at, is_exact))


def _constant(written: Constant) -> Literal:
    value = written.value
    if value is None:
        return Literal(None, NULL, written.start)
    if isinstance(value, bool):
        return Literal(value, CHECKBOX, written.start)
    if isinstance(value, str):
        return Literal(value or None, TEXT, written.start)
    places = max(-int(value.as_tuple().exponent), 0)
    return Literal(value, ExprType(kind=Kind.NUMBER, decimals=places), written.start)


def _type_of(value: object) -> ExprType:
    if isinstance(value, bool):
        return CHECKBOX
    return NUMBER if isinstance(value, int | float | Decimal) else TEXT


def _plain(value: object) -> Value:
    if isinstance(value, bool):
        return value
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else str(value)


def _as_id(node: Node) -> Node:
    """Take a whole number for an id; leave everything else."""
    value = node.value if isinstance(node, Literal) else None
    if not isinstance(value, Decimal) or value != value.to_integral_value():
        return node
    return Literal(int(value), LOOKUP, node.start)


def _fits(function: Function, types: Sequence[ExprType]) -> bool:
    if len(types) < function.least or function.parameter(len(types) - 1) is None:
        return False
    for place, found in enumerate(types):
        parameter = function.parameter(place)
        if parameter is None or (found.kind not in parameter.kinds and found.kind is not Kind.NULL):
            return False
    groups = function.alike(len(types)) if function.alike else ()
    return all(common([types[place] for place in places]) is not None for places in groups)


def _variant(function: Function, arguments: Sequence[Node]) -> Function:
    """Choose the entry behind a name that treats texts in a way of its own."""
    if function.name == "CASE":
        compared = [arguments[0], *arguments[1:-1:2]]
        return CASE_TEXT if any(a.type.kind in LIKE_TEXT for a in compared) else function
    if any(argument.type.kind is Kind.TEXT for argument in arguments):
        return _FOR_TEXTS.get(function.name, function)
    return function


def _typed_blanks(function: Function, arguments: Sequence[Node]) -> list[Node]:
    """Give every bare NULL the type of what stands beside it, or that its parameter needs."""
    typed = list(arguments)
    groups = function.alike(len(typed)) if function.alike else ()
    for places in groups:
        found = common([typed[place].type for place in places])
        for place in places:
            typed[place] = _blank_of(typed[place], found or NULL)
    for place, node in enumerate(typed):
        parameter = function.parameter(place)
        if parameter is not None and len(parameter.kinds) == 1:
            typed[place] = _blank_of(node, ExprType(kind=next(iter(parameter.kinds))))
    return typed


def _blank_of(node: Node, type: ExprType) -> Node:
    is_blank = isinstance(node, Literal) and node.type.kind is Kind.NULL
    return Literal(None, type, node.start) if is_blank else node


def _label(picklist: Node, at: int) -> Node:
    if not isinstance(picklist, FieldRead):
        raise Flaw("M312", "LABEL needs a picklist field.", picklist.start)
    labels: dict[str, Value] = {v.name: v.label for v in picklist.type.values.values()}
    return ValueAttribute(picklist, "label", labels, TEXT, at)


def _settled(node: Node) -> Node:
    """Make a computed condition a checkbox: blank on the way, as a value it is false."""
    if node.type.kind is not Kind.CHECKBOX or not isinstance(node, Call):
        return node
    return Call(SETTLE, (node,), CHECKBOX, node.start)


def _guarded(node: Node) -> Node:
    if node.is_exact or node.type.kind is not Kind.NUMBER:
        return node
    return Call(GUARD, (node,), NUMBER, node.start)


def _readable_pattern(pattern: str, at: int) -> None:
    try:
        compile_pattern(pattern)
    except BadPattern as bad:
        message = f"The pattern cannot be used: {bad}"
        raise Flaw("M310", message, at, f"at character {bad.at + 1} of the pattern") from bad
