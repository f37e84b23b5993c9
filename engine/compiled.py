"""Run-time structures: what a request reads. Immutable, shared by threads, no third parties.

A `Model` is made once per tree of components by `engine.compile` and lives as long as someone pins
it. A compiled object holds names of other objects, never parts of them, so that a change of one
object leaves the others the very same Python objects (`is`), and what was lowered from them stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from engine.expr import Expression
from engine.expr.templates import Template
from engine.model.converting import Conversion
from engine.model.declarations import Field, IndexDeclaration
from engine.model.fields.base import FieldType, Value
from engine.names import ComponentKey, Digest, EnvironmentName, FieldName, ObjectName
from engine.programs import Program, RecordConversion, Setting

Data = Mapping[str, object]  # a component as it is stored


def base_language(language: str) -> str:
    """Give the language without its region: `fr` of `fr-CA`."""
    return language.partition("-")[0]


def translated(translations: Mapping[str, object], language: object, *path: str) -> str:
    """Follow a path into the texts of a language; "" where it leads to no text.

    A text that stands where a group could is its label, or the message of a rule.
    """
    if not isinstance(language, str) or not translations:
        return ""
    found: object = translations.get(language) or translations.get(base_language(language))
    for step in path:
        if isinstance(found, str):
            return found if step in {"label", "message"} else ""
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledField:
    """A field with everything decided: its place in the masks, its type, its expressions.

    `formula` is set for formula fields; `default` for `{formula: …}` defaults.
    `is_stored`: has a column. Stored formulas are computed at every save, others when read.
    """

    name: FieldName
    ordinal: int  # place in the object
    bit: int  # 1 << ordinal: this field alone, as a mask
    decl: Field
    type: FieldType
    is_stored: bool
    is_platform: bool = False
    formula: Expression | None = None
    default: Expression | None = None
    required_if: Expression | None = None
    roll_up: RollUp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A validation rule: looked at in every save, because it speaks of the merged record."""

    name: str
    invalid_if: Expression
    message: str
    field: FieldName | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """A roll-up field of a parent: `measure` of `of` over children whose `via` points here."""

    name: FieldName
    child: ObjectName
    via: FieldName
    measure: str  # count | sum | min | max | avg
    of: FieldName | None
    where: Expression | None  # over the child


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """Seen from the child: a roll-up of `parent.field` must be recomputed when `watch` changes."""

    parent: ObjectName
    field: FieldName
    via: FieldName
    watch: int  # mask of the child's fields that matter, `via` included


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A lookup of another object that points here, and what a delete does to it."""

    object: ObjectName
    field: FieldName
    on_delete: str  # restrict | clear | cascade


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledObject:
    """One object, ready to run. `digest` covers everything below: equal digest, equal behaviour."""

    name: ObjectName
    digest: Digest
    own: Digest  # of its own components alone, before anything taken from others
    label: str
    plural: str
    description: str
    title: FieldName | None
    sharing: str  # private | read | read_write | parent
    features: frozenset[str]
    fields: Mapping[FieldName, CompiledField]  # own fields in order, then the platform's
    aka: Mapping[str, FieldName]  # former names of fields
    stored: tuple[CompiledField, ...]  # fields with a column, in order
    required: tuple[FieldName, ...]  # always, or under a condition
    checkboxes: tuple[FieldName, ...]
    references: tuple[FieldName, ...]  # lookups and master-details
    defaults: tuple[FieldName, ...]  # fields with a constant or computed default
    formulas: tuple[FieldName, ...]  # every formula, in order of dependency
    rules: tuple[Rule, ...]
    roll_ups: tuple[RollUp, ...]
    auto_numbers: tuple[FieldName, ...]
    uniques: tuple[tuple[FieldName, ...], ...]
    indexes: tuple[IndexDeclaration, ...]
    history: int  # mask of fields whose changes are kept; 0 when the object keeps none
    record_types: Mapping[str, Mapping[str, object]]
    translations: Mapping[str, Mapping[str, object]]  # language -> labels of this object
    icon: str = ""
    is_platform: bool = False  # `user`, `exchange_rate`: declared by the engine
    paths: frozenset[str] = frozenset()  # paths over lookups that formulas, rules and defaults read
    # What this object took from others, as (kind, name) -> signature: types of their fields,
    # picklists, permissions. Compared on recompile to decide whether this very object is shared.
    foreign: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))

    def text(self, language: object, *path: str) -> str:
        """Give a text of this object in a language, "" where nobody translated it.

        `text("fr", "fields", "amount", "label")`; texts of `fr` serve `fr-CA` as well.
        """
        return translated(self.translations, language, *path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The graph between objects: computed per model, cheap to rebuild."""

    inbound: Mapping[ObjectName, tuple[Inbound, ...]]
    feeds: Mapping[ObjectName, tuple[Feeds, ...]]  # by child object
    uses: Mapping[ComponentKey, tuple[ComponentKey, ...]]

    def used_by(self, key: ComponentKey) -> tuple[ComponentKey, ...]:
        """Answer "where is this used?". Cost: O(components); nobody asks on the request path."""
        return tuple(user for user, named in self.uses.items() if key in named)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """What one set gives, by object, and its system permissions. There is no deny."""

    name: str
    label: str
    objects: Mapping[ObjectName, frozenset[str]]  # create read edit delete view_all modify_all …
    fields: Mapping[tuple[ObjectName, FieldName], str]  # none | read | edit
    permissions: frozenset[str]
    requires_second_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who belongs to a team or a queue, nested members taken apart: roles, and e-mails of users."""

    roles: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingRule:
    """Records of one object that are opened to somebody: by a condition, by their owner, or both.

    `to` and `owners` are groups as text: "role:emea", "role_and_below:sales", "team:desk",
    "queue:finance", "permission_set:rep" (`to` only).
    """

    name: str
    object: ObjectName
    label: str
    where: Expression | None
    owners: str | None
    to: str
    access: str  # read | edit
    digest: str  # of the rule and of the groups that it names


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A list view: a filter, columns and an order under a name."""

    name: str
    object: ObjectName
    label: str
    where: Expression | None
    fields: tuple[str, ...]
    sort: tuple[str, ...]
    data: Data  # shape, totals, shared_with: for the faces


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whom a configuration names: those that expressions give, and the members of groups.

    Teams and queues are taken apart. `roles` holds the former names of roles too, which members may
    still have; `users` are e-mails in small letters.
    """

    expressions: tuple[Expression, ...] = ()
    roles: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStep:
    """One step of an approval.

    `decide`: first | all | votes, and then `votes` says how many. `goes_back`: a refusal leads to
    the step before, not to the end.
    """

    name: str
    label: str
    condition: Expression | None
    approvers: People
    decide: str
    votes: int
    goes_back: bool
    remind_after: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who has to agree before a record goes on.

    `watch`: mask of the fields that the entry criteria look at; a save that changes none of them
    submits nothing by itself. `reads`: every path that its expressions read. `submitters` is None
    where nobody is named: then it is whoever may change the record.
    """

    name: str
    label: str
    object: ObjectName
    key: ComponentKey
    digest: Digest
    condition: Expression | None
    watch: int
    submitters: People | None
    is_automatic: bool
    locks: bool
    steps: tuple[ApprovalStep, ...]
    reads: frozenset[str]
    translations: Mapping[str, Data]
    programs: Mapping[str, Program]  # submit, approve, reject, recall -> what follows

    @property
    def opening(self) -> frozenset[str]:
        """Every path that tells whether a record may be submitted, and by whom."""
        who = () if self.submitters is None else self.submitters.expressions
        conditions = () if self.condition is None else (self.condition,)
        return frozenset().union(*(one.reads for one in (*conditions, *who)))

    def step(self, name: str) -> ApprovalStep | None:
        """Give a step by name; None when there is none, or no more."""
        return next((step for step in self.steps if step.name == name), None)

    def title(self, language: str) -> str:
        """Give its label in a language."""
        return translated(self.translations, language, "label") or self.label

    def step_title(self, name: str, language: str) -> str:
        """Give the label of a step in a language; the name of one that is no more."""
        step = self.step(name)
        text = translated(self.translations, language, "steps", name, "label")
        return text or (name if step is None else step.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow. `when`: its trigger, as the format calls it.

    `gate`: masks of fields; unless each has a field that changed, the criteria cannot hold.
    `reads`, `formulas`: what its expressions read of its own record before a save, and which of it
    are formulas, in order; they are computed before the expressions are evaluated.
    `schedule`: of `at` and `every`, as declared.
    """

    name: str
    label: str
    object: ObjectName
    when: str
    gate: tuple[int, ...]
    condition: Expression | None
    program: Program
    reads: frozenset[str]
    formulas: tuple[FieldName, ...]
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a workflow runs by the clock: at a date of its record, or at the times of a cron line.

    `where`: only for records for which it holds.
    """

    field: FieldName | None = None
    number: int = 0
    unit: str = "day"
    cron: str = ""
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """What happens by itself to the records of one object; objects without any have none.

    `before_save`: in order of their API names, and so are `after`, those that a save may start
    (created, updated, saved) and `deleted`. `at`: those that run at a date of the record.
    `paths`: those of the object, and those that workflows read to know whether they run.
    `awaits`: some program waits for a condition of such a record.
    """

    before_save: tuple[Workflow, ...]
    paths: frozenset[str]
    after: tuple[Workflow, ...] = ()
    deleted: tuple[Workflow, ...] = ()
    at: tuple[Workflow, ...] = ()
    awaits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEntry:
    """Who gets a record when a condition holds: a path to them, or a group as text.

    `group`: "queue:france", "role:sales", "user:" and an e-mail; "" with a path. `by`: how one of
    its members is chosen; "" gives the record to the queue or the user itself.
    """

    name: str
    condition: Expression | None = None
    path: Expression | None = None
    group: str = ""
    by: str = ""  # round_robin | load


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who gets records of an object. `reads`: what conditions and paths read of the record."""

    name: str
    label: str
    object: ObjectName
    entries: tuple[AssignmentEntry, ...]
    reads: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailText:
    """Subject and body of a mail in one language."""

    subject: Template
    body: Template

    @property
    def reads(self) -> frozenset[str]:
        """Every path that the text reads of its record."""
        return self.subject.reads | self.body.reads


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTemplate:
    """An e-mail as declared, ready to be written to somebody in their language."""

    name: str
    label: str
    object: ObjectName
    is_html: bool
    own: MailText
    translations: Mapping[str, MailText]  # language -> text; what is not translated is the own

    def in_language(self, language: str) -> MailText:
        """Give the text in a language, of `fr` for `fr-CA`; the own where nobody translated it."""
        found = self.translations.get(language) or self.translations.get(base_language(language))
        return found or self.own


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An endpoint that takes requests: each makes a record, if it knows the secret.

    `secret` names the variable that holds it; `settings` are over what came, as `body`.
    """

    name: str
    object: ObjectName
    secret: str
    is_active: bool
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """When somebody works. `days`: for each weekday, Monday first, its spans in minutes of the day.

    Spans of a day follow each other; none overlaps. `country`: whose public holidays are no working
    days (`FR`, `DE-BY`), "" for none; `days_off`: single days.
    """

    name: str
    days: tuple[tuple[tuple[int, int], ...], ...]
    zone: ZoneInfo
    country: str = ""
    days_off: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """An SLA: a clock that starts, stands still and stops with its record.

    `seconds`: how long it may take, of working time where there are `hours`. `reads`: what the
    conditions read of the record. `parts`: the components it was made from with their revisions,
    its working hours included.
    """

    name: str
    label: str
    object: ObjectName
    start_if: Expression
    stop_if: Expression
    pause_if: Expression | None
    seconds: int
    hours: WorkingHours | None
    has_breach: bool  # steps follow when it is missed
    reads: frozenset[str]
    parts: Mapping[ComponentKey, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The small facts of a configuration."""

    name: str
    label: str
    languages: tuple[str, ...]
    currencies: tuple[str, ...]
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A whole configuration, deeply frozen. `digest` is the hash of `tree`."""

    digest: Digest
    tree: Mapping[ComponentKey, Digest]
    project: Project
    objects: Mapping[ObjectName, CompiledObject]
    links: Links
    permission_sets: Mapping[str, PermissionSet]
    permissions: frozenset[str]  # every permission that may be named
    roles: Mapping[str, str | None]  # role -> parent
    groups: Mapping[str, Members]  # "team:desk", "queue:finance" -> who belongs to it
    sharing: Mapping[ObjectName, tuple[SharingRule, ...]]  # rules that are active
    views: Mapping[ObjectName, Mapping[str, View]]
    # Every other kind as declared: kind -> name -> data. Interpreted by the rooms that come later.
    declared: Mapping[str, Mapping[str, Mapping[str, object]]]
    aka: Mapping[str, ObjectName] = field(default_factory=lambda: MappingProxyType({}))  # objects'
    # Former names of roles and permission sets, which members may still hold: kind -> name -> new.
    former: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    approvals: Mapping[ObjectName, tuple[Approval, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    automation: Mapping[ObjectName, Automation] = field(
        default_factory=lambda: MappingProxyType({})
    )
    assignments: Mapping[str, Assignment] = field(default_factory=lambda: MappingProxyType({}))
    hours: Mapping[str, WorkingHours] = field(default_factory=lambda: MappingProxyType({}))
    deadlines: Mapping[ObjectName, tuple[Deadline, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    mails: Mapping[str, MailTemplate] = field(default_factory=lambda: MappingProxyType({}))
    workflows: Mapping[str, Workflow] = field(default_factory=lambda: MappingProxyType({}))
    # Every list of steps, by its component and its place there: `workflow:hot_deal`, "/steps".
    programs: Mapping[tuple[ComponentKey, str], Program] = field(
        default_factory=lambda: MappingProxyType({})
    )
    incoming: Mapping[str, Incoming] = field(default_factory=lambda: MappingProxyType({}))
    conversions: Mapping[ObjectName, RecordConversion] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A column that holds a field's values as a field of another type would keep them."""

    column: str
    conversion: Conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalObject:
    """Where an object's values lie: its table and the column of each stored field.

    Belongs to an environment, not to a configuration: a column is named once, at birth.
    `mirrors`: columns of another generation that every save writes too, by field.
    `unindexed`: groups of fields that must be unique and whose index is not built yet.
    """

    table: str
    columns: Mapping[FieldName, str]
    digest: str
    mirrors: Mapping[FieldName, tuple[Mirror, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    unindexed: tuple[tuple[FieldName, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Why and why not is kept of all that a user saves, or of a record, until an instant."""

    until: datetime
    user: int | None = None
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One version of one environment, pinned for a request or a chunk of a job."""

    environment: EnvironmentName
    version: int
    token: str
    model: Model
    physical: Mapping[ObjectName, PhysicalObject]
    env: Mapping[str, Value]  # $env values of this environment, secrets left out
    switches: tuple[Switch, ...] = ()  # what of it is traced
