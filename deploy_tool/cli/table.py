"""The commands of `patron`, as data: names, arguments, the module that runs each.

Separate from the parser, because three readers share it: the parser, the dispatcher and the page
docs/reference/command-line.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument or option; `more` goes to argparse as it is (nargs, choices, default, type)."""

    names: tuple[str, ...]
    help: str
    more: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: `module` of deploy_tool.cli.commands runs it."""

    name: str  # "plan", or "env list" for one of a group
    help: str
    module: str
    arguments: tuple[Argument, ...] = ()
    is_light: bool = False  # gets the settings and opens what it needs, not an installation
    is_anywhere: bool = False  # gets a site, and works on this machine and on another one's
    is_offline: bool = False  # needs no installation at all


def arg(name: str, help: str, **more: object) -> Argument:
    """Describe a positional argument; its metavar is its name in capitals unless given."""
    return Argument(names=(name.lower(),), help=help, more={"metavar": name, **more})


def opt(name: str, help: str, **more: object) -> Argument:
    """Describe an option that takes a value."""
    return Argument(names=(name,), help=help, more=more)


def flag(name: str, help: str, **more: object) -> Argument:
    """Describe a switch."""
    return Argument(names=(name,), help=help, more={"action": "store_true", **more})


ENV = arg("ENV", "environment, for example production")
FROM = opt(
    "--from",
    "what to deploy: an environment, ENV@N, a directory or git:REV",
    dest="source",
    metavar="A",
)
TO = opt("--to", "environment to deploy to", metavar="ENV")
YES = flag("--yes", "do not ask; never covers loss of data")
ACCEPT = opt(
    "--accept",
    "consent to changes that are not additive: retire, narrowing; to a purge: purge",
    metavar="WHAT",
    action="append",
    default=[],
)

TREAT = opt(
    "--treat",
    "what happens to records that would not pass: fill:VALUE map:FILE convert leave block",
    action="append",
    default=[],
    metavar="COMPONENT=…",
)

RESOLVE = opt(
    "--resolve",
    "which side of a conflict stands: COMPONENT/PROPERTY=target or =incoming; * matches anything",
    action="append",
    default=[],
    metavar="CONFLICT=…",
)


COMMANDS: tuple[Command, ...] = (
    Command(
        name="demo",
        help="production and a sandbox with sample data, web and worker, one login per role",
        arguments=(
            opt("--port", "port of the web server", type=int, metavar="N"),
            flag("--no-browser", "do not open a browser"),
        ),
        module="demo",
        is_light=True,
    ),
    Command(
        name="init",
        help="make production from a directory of metadata; creates no user",
        arguments=(
            opt(
                "--from", "directory of metadata", dest="source", metavar="DIR", default="metadata"
            ),
            opt("--database", "database of production", metavar="URL"),
        ),
        module="init",
    ),
    Command(
        name="serve",
        help="web processes, and a worker beside them",
        arguments=(
            opt("--host", "address to listen on", default="127.0.0.1", metavar="H"),
            opt("--port", "port to listen on", type=int, default=8000, metavar="N"),
            opt("--processes", "web processes", type=int, default=1, metavar="N"),
            flag("--no-worker", "no worker beside the web processes"),
        ),
        module="serve",
        is_light=True,
    ),
    Command(
        name="worker",
        help="run background jobs and schedules",
        arguments=(opt("--processes", "worker processes", type=int, default=1, metavar="N"),),
        module="worker",
        is_light=True,
    ),
    Command(
        name="check",
        help="check a directory offline: schema, references, expressions, tests",
        arguments=(arg("DIR", "directory of metadata", nargs="?", default="metadata"),),
        module="check",
        is_light=True,
        is_offline=True,
    ),
    Command(
        name="fmt",
        help="write the files of a directory in canonical form, comments kept",
        arguments=(
            arg("DIR", "directory of metadata", nargs="?", default="metadata"),
            flag("--check", "write nothing; exit 3 when a file would change"),
            flag("--drop-aka", "remove former names that every environment has seen"),
        ),
        module="fmt",
        is_light=True,
        is_offline=True,
    ),
    Command(name="env list", help="list the environments", module="env_list", is_anywhere=True),
    Command(
        name="env show",
        help="show one environment",
        arguments=(ENV,),
        module="env_show",
        is_anywhere=True,
    ),
    Command(
        name="env policy",
        help="show or set the policy of an environment",
        arguments=(ENV, arg("SETTINGS", "settings to change", nargs="*", metavar="KEY=VALUE")),
        module="env_policy",
        is_anywhere=True,
    ),
    Command(
        name="env values",
        help="show or set the values of declared variables in an environment",
        arguments=(
            ENV,
            arg("VALUES", "values to set", nargs="*", metavar="NAME=VALUE"),
            opt("--plan", "plan whose variables count as declared", metavar="PLAN"),
        ),
        module="env_values",
        is_anywhere=True,
    ),
    Command(
        name="user create",
        help="make a person and a member of an environment",
        arguments=(
            ENV,
            arg("EMAIL", "address the person signs in with"),
            opt("--name", "full name", metavar="N"),
            opt("--role", "role in the environment", metavar="R"),
            opt(
                "--permission-set",
                "permission set to give; may be repeated",
                action="append",
                default=[],
                metavar="S",
            ),
            flag("--password-stdin", "read the password from standard input"),
            flag("--service", "a program: works by tokens and never signs in"),
        ),
        module="user_create",
    ),
    Command(
        name="user reset-link",
        help="print a link by which a person chooses a new password",
        arguments=(arg("EMAIL", "address of the person"),),
        module="user_reset_link",
    ),
    Command(
        name="token create",
        help="make an API token of a member and print it alone",
        arguments=(
            ENV,
            arg("EMAIL", "address of the member"),
            opt("--days", "days until it expires", type=int, metavar="N"),
            opt(
                "--scope",
                "narrow the token to a scope; may be repeated",
                action="append",
                default=[],
                metavar="S",
            ),
            opt("--label", "what the token is for", default="", metavar="TEXT"),
        ),
        module="token_create",
    ),
    Command(
        name="sandbox create",
        help="make a sandbox",
        arguments=(
            arg("NAME", "name of the sandbox"),
            opt(
                "--from",
                "environment it starts from",
                dest="source",
                metavar="ENV",
                default="production",
            ),
            opt(
                "--data",
                "records to bring along",
                choices=("none", "sample", "full"),
                default="none",
            ),
            opt(
                "--root",
                "where a sample starts: objects, with a condition; what hangs below comes too",
                action="append",
                default=[],
                metavar="OBJECT=EXPR",
            ),
            opt("--most", "records of an object in a sample; 200", type=int, metavar="N"),
            opt("--database", "database of the sandbox", metavar="URL"),
        ),
        module="sandbox_create",
        is_anywhere=True,
    ),
    Command(
        name="sandbox refresh",
        help="bring a sandbox up to its parent, keeping the work done in it",
        arguments=(
            arg("NAME", "name of the sandbox"),
            opt(
                "--data",
                "what to do with its records",
                choices=("keep", "reseed"),
                default="keep",
            ),
            TREAT,
            RESOLVE,
            ACCEPT,
            flag("--yes", "do not ask"),
        ),
        module="sandbox_refresh",
        is_anywhere=True,
    ),
    Command(
        name="sandbox list", help="list the sandboxes", module="sandbox_list", is_anywhere=True
    ),
    Command(
        name="sandbox delete",
        help="delete a sandbox; nothing of it is left",
        arguments=(arg("NAME", "name of the sandbox"), flag("--yes", "do not ask")),
        module="sandbox_delete",
        is_anywhere=True,
    ),
    Command(
        name="status",
        help="say which version each environment runs",
        arguments=(arg("ENV", "environment, or all of them", nargs="?"),),
        module="status",
        is_anywhere=True,
    ),
    Command(
        name="diff",
        help="show what leads from A to B",
        arguments=(
            arg("A", "environment, ENV@N, directory or git:REV"),
            arg("B", "environment, ENV@N, directory or git:REV"),
        ),
        module="diff",
        is_anywhere=True,
    ),
    Command(
        name="log",
        help="list the versions of an environment, or tell of one deployment",
        arguments=(
            ENV,
            opt("--deployment", "tell its evidence, counts and time", metavar="D"),
        ),
        module="log",
        is_anywhere=True,
    ),
    Command(
        name="blame",
        help="say who changed which property of a component, when and why",
        arguments=(ENV, arg("COMPONENT", "component, for example field:opportunity.amount")),
        module="blame",
        is_anywhere=True,
    ),
    Command(
        name="drift",
        help="show what changed in an environment outside this project",
        arguments=(ENV,),
        module="drift",
        is_anywhere=True,
    ),
    Command(
        name="pull",
        help="write the configuration of an environment into files, changing only what differs",
        arguments=(
            ENV,
            arg("PATTERN", "only these components, and what they need", nargs="*"),
            opt("--to", "directory to write to", dest="folder", metavar="DIR", default="metadata"),
            opt("--format", "format of new files", choices=("yaml", "json"), default="yaml"),
        ),
        module="pull",
        is_anywhere=True,
    ),
    Command(
        name="plan",
        help="compute what a deployment would do, and change nothing",
        arguments=(
            arg("PATTERN", "only these components", nargs="*"),
            FROM,
            TO,
            TREAT,
            RESOLVE,
            opt(
                "--without",
                "leave these components behind, and what lists them without them",
                action="append",
                default=[],
                metavar="PATTERN",
            ),
            opt("--out", "write the sealed plan to a file", metavar="FILE"),
            flag("--detailed-exitcode", "exit 2 when there are differences"),
        ),
        module="plan",
        is_anywhere=True,
    ),
    Command(
        name="validate",
        help="try a plan on a copy",
        arguments=(arg("PLAN", "file of a plan"),),
        module="validate",
        is_anywhere=True,
    ),
    Command(
        name="approve",
        help="approve a plan of somebody else",
        arguments=(arg("PLAN", "file of a plan"),),
        module="approve",
        is_anywhere=True,
    ),
    Command(
        name="apply",
        help="carry out a plan: database, configuration and version in one step",
        arguments=(
            arg("PLAN", "file of a plan, or --from and --to", nargs="?"),
            FROM,
            TO,
            TREAT,
            RESOLVE,
            ACCEPT,
            YES,
        ),
        module="apply",
        is_anywhere=True,
    ),
    Command(
        name="resume",
        help="go on with an unfinished deployment",
        arguments=(ENV,),
        module="resume",
        is_anywhere=True,
    ),
    Command(
        name="abort",
        help="give up an unfinished deployment before its switch",
        arguments=(ENV,),
        module="abort",
        is_anywhere=True,
    ),
    Command(
        name="rollback",
        help="take back a deployment, keeping later work",
        arguments=(
            ENV,
            opt("--to", "version to return to", type=int, metavar="N"),
            opt("--deployment", "deployment to take back", metavar="D"),
            RESOLVE,
            ACCEPT,
            YES,
        ),
        module="rollback",
        is_anywhere=True,
    ),
    Command(
        name="restore",
        help="bring a retired component back with its values",
        arguments=(ENV, arg("COMPONENT", "component, for example field:opportunity.amount")),
        module="restore",
        is_anywhere=True,
    ),
    Command(
        name="purge",
        help="remove retired components and their values for good",
        arguments=(ENV, flag("--due", "only those whose retention is over"), ACCEPT),
        module="purge",
        is_anywhere=True,
    ),
    Command(
        name="test",
        help="run the examples of validation rules and the configuration tests",
        arguments=(
            arg("A", "environment, ENV@N, directory or git:REV"),
            opt("--junit", "write a JUnit report", metavar="FILE"),
        ),
        module="test",
        is_anywhere=True,
    ),
    Command(
        name="import",
        help="import records through validation, rights and history",
        arguments=(
            ENV,
            arg("OBJECT", "object to import into"),
            arg("FILE", "file of records: CSV, or JSON with the names of the fields"),
            opt("--match", "field that tells existing records", metavar="FIELD"),
            flag("--dry-run", "write nothing"),
        ),
        module="import_records",
        is_anywhere=True,
    ),
    Command(
        name="export",
        help="export records to standard output",
        arguments=(
            ENV,
            arg("OBJECT", "object to export"),
            opt("--where", "condition the records meet", metavar="EXPR"),
            opt("--format", "format", choices=("csv", "xlsx", "json"), default="csv"),
        ),
        module="export_records",
        is_anywhere=True,
    ),
    Command(
        name="backup",
        help="write a consistent copy of an environment",
        arguments=(ENV, arg("FILE", "file to write")),
        module="backup",
    ),
    Command(
        name="git install",
        help="let git merge metadata by component and property",
        module="git_install",
        is_light=True,
        is_offline=True,
    ),
    Command(
        name="audit verify",
        help="check that no line of the audit was changed, removed or put in",
        arguments=(ENV,),
        module="audit",
    ),
    Command(
        name="doctor",
        help="look for trouble and say what helps",
        arguments=(
            arg("ENV", "environment, or all of them", nargs="?"),
            flag("--repair", "repair what can be repaired"),
        ),
        module="doctor",
        is_anywhere=True,
    ),
    Command(
        name="login",
        help="work on another machine's Patron",
        arguments=(arg("URL", "address of the other Patron, or of an environment there"),),
        module="login",
        is_light=True,
        is_offline=True,
    ),
)
