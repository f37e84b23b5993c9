"""Steps as they run: instructions with jumps, and programs made of them. Immutable, as models are.

Separate from `compiled`, which holds what requests read: these are the words that the compiler lays
steps out in and that runs are carried out by. What a record becomes is said in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.expr import Expression, Given
from engine.model.fields.base import Value
from engine.names import ComponentKey, Digest, FieldName, ObjectName


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several people under one name: a user, role, queue, team or permission set."""

    sort: str  # user | role | queue | team | permission_set
    name: str


Recipient = Expression | Group  # an expression gives a user, a queue or an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that a step gives to a field: of an expression, or else a constant."""

    field: FieldName
    expression: Expression | None
    constant: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFields:
    """Instruction: give values to the record itself, all computed before the first is given."""

    step: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpUnless:
    """Instruction: go on at `to` when the condition does not hold, else with the next one."""

    step: str
    condition: Expression
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Instruction: go on at `to`."""

    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Records of one object, chosen on behalf of the record that a step works on.

    `given`: what the condition asks of that record. In SQL it is a parameter, so that all records
    share one statement.
    """

    object: ObjectName
    condition: Expression
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRecord:
    """Instruction: create a record of an object."""

    step: str
    object: ObjectName
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRecords:
    """Instruction: give values to the records of another object that are chosen.

    The settings read the record that is changed; `reads` are their paths. What they ask of the
    step's own record is `given`.
    """

    step: str
    chosen: Choice
    settings: tuple[Setting, ...]
    reads: frozenset[str]
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRecords:
    """Instruction: put the records that are chosen into the bin."""

    step: str
    chosen: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """Instruction: go through the records that point here; behind the last, go on at `to`.

    `where`: only those for which it holds; it reads them alone.
    """

    step: str
    chosen: Choice
    where: Expression | None
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextOne:
    """Instruction: the end of what is done for each; goes back to `to`, which knows the next."""

    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor:
    """Instruction: wait for a length of time."""

    step: str
    number: int
    unit: str  # second | minute | hour | day | week | month


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """Instruction: wait until a date or an instant, or until a condition holds."""

    step: str
    until: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMail:
    """Instruction: send an e-mail of the configuration to people."""

    step: str
    email: str
    to: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Instruction: tell members something on their screens."""

    step: str
    to: tuple[Recipient, ...]
    text: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One part of the body of a webhook: of an expression, or else a constant."""

    name: str
    expression: Expression | None
    constant: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEndpoint:
    """Instruction: send a webhook to an endpoint of the configuration."""

    step: str
    endpoint: str
    body: tuple[Sent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Instruction: write a line into the record's feed."""

    step: str
    text: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Instruction: give the record to somebody, by a declared assignment or as is said here."""

    step: str
    assignment: object  # the name of an assignment, or {user | role | queue | team, by}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Instruction: submit the record for approval, and wait for what is decided."""

    step: str
    approval: str


Doing = (
    CreateRecord
    | UpdateRecords
    | DeleteRecords
    | ForEach
    | NextOne
    | WaitFor
    | WaitUntil
    | SendMail
    | Notify
    | CallEndpoint
    | AddNote
    | Assign
    | Approve
)
Instruction = SetFields | JumpUnless | Jump | Doing


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Steps laid out as instructions with jumps: a place in a run of it is one number.

    `reads`: what the expressions read of the records worked on, by object (a loop works on others).
    `parts`: the component it belongs to and those whose steps it took in by `call`, with their
    revisions. A run goes on with the revisions that it began with.
    """

    component: ComponentKey
    pointer: str
    instructions: tuple[Instruction, ...]
    reads: Mapping[ObjectName, frozenset[str]]
    parts: Mapping[ComponentKey, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionPart:
    """One of the records that a conversion makes.

    `match`: the records of its object that may be joined instead, on behalf of the converted one.
    `needs`: the parts whose records its values name, as `$account`.
    """

    object: ObjectName
    is_optional: bool
    match: Choice | None
    settings: tuple[Setting, ...]
    needs: frozenset[ObjectName]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConversion:
    """What a record of an object becomes.

    `parts`: in order of need, so that each comes after those that it names. `settings`: what is
    then set on the record itself. `reads`: what all of it reads of that record.
    """

    object: ObjectName
    key: ComponentKey
    parts: tuple[ConversionPart, ...]
    settings: tuple[Setting, ...]
    reads: frozenset[str]

    def part(self, name: str) -> ConversionPart | None:
        """Give the part that makes a record of an object; None when there is none."""
        return next((part for part in self.parts if part.object == name), None)
