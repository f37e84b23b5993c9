"""Everything that can be wrong with files: each mistake once, at its place, with what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.codes import CODES
from engine.source import SourceTree, load_tree, tree_from_texts
from engine.source.files import MAX_SIZE

HEAD = "object: deal\nfields:\n"


def problems_of(text: str, file: str = "a.yaml") -> list[str]:
    """Read one file and give its problems as people see them."""
    _, problems = tree_from_texts({file: text})
    assert all(problem.code in CODES for problem in problems)
    return [str(problem) for problem in problems]


CASES = [
    # --- no YAML ----------------------------------------------------------------------------------
    (
        f"{HEAD}  a: {{type: text\n  b: {{type: text}}\n",
        ["a.yaml:4:4 M104 The bracket of line 3 is not closed, or a comma is missing."],
    ),
    (
        "object: deal\nfields:\n\ta: {type: text}\n",
        ["a.yaml:3:1 M104 A tab stands where only spaces may indent. (use spaces)"],
    ),
    (
        "object: deal: x\n",
        ['a.yaml:1:13 M104 A second “:” in one line. (put the text in "quotes")'],
    ),
    (
        f"{HEAD}  a: {{type: text}}\n b: 1\n",
        [
            (
                "a.yaml:4:2 M104 This line does not fit its indentation. "
                "(align it with the line above)"
            )
        ],
    ),
    ('object: "deal\n', ["a.yaml:2:1 M104 A quote or bracket is not closed."]),
    (
        "object: deal\nlabel: a\x07\n",
        ["a.yaml:2:9 M104 The file holds a control character (U+0007). (remove it)"],
    ),
    # --- YAML that we do not take -----------------------------------------------------------------
    (
        f"{HEAD}  a: &x {{type: text}}\n",
        [
            (
                "a.yaml:3:6 M105 Anchors (&) and aliases (*) are not used here. "
                "(remove it, or put the text in quotes)"
            )
        ],
    ),
    (
        "object: deal\nlabel: &x A\ndescription: *x\n",
        [
            (
                "a.yaml:2:8 M105 Anchors (&) and aliases (*) are not used here. "
                "(remove it, or put the text in quotes)"
            ),
            (
                "a.yaml:3:14 M105 Anchors (&) and aliases (*) are not used here. "
                "(remove it, or put the text in quotes)"
            ),
        ],
    ),
    (
        "object: deal\nlabel: !!str x\n",
        ["a.yaml:2:8 M105 Tags (!) are not used here. (remove it, or put the text in quotes)"],
    ),
    (
        f"{HEAD}  a: {{type: text}}\n  a: {{type: url}}\n",
        ['a.yaml:4:3 M107 The key "a" stands twice, first in line 3. (remove one of them)'],
    ),
    (
        "object: deal\n'': x\n",
        ["a.yaml:2:1 M105 A key must be a word."],
    ),
    ("", ["a.yaml:1:1 M108 The file is empty. (delete it, or write a document)"]),
    (
        "# nothing\n---\n",
        ["a.yaml:1:1 M108 The file holds comments only. (delete it, or write a document)"],
    ),
    # --- no document of ours ----------------------------------------------------------------------
    (
        "objects: deal\n",
        ['a.yaml:1:1 M110 A document cannot begin with "objects". (did you mean "object"?)'],
    ),
    (
        "- a\n",
        [
            (
                "a.yaml:1:1 M110 A document is a map of keys. (begin with what it is: "
                "`object: NAME`, `view: OBJECT.NAME`, `workflow: NAME` …)"
            )
        ],
    ),
    (
        "view: deal\n",
        [
            (
                'a.yaml:1:7 M115 "deal" is not the object and the name, parted by a point: '
                "opportunity.default."
            )
        ],
    ),
    # --- keys -------------------------------------------------------------------------------------
    (
        f"{HEAD}  a: {{type: text, lengths: 3}}\n",
        ['a.yaml:3:19 M111 A text field takes no key "lengths". (did you mean "length"?)'],
    ),
    (
        "object: deal\nlabl: x\n",
        ['a.yaml:2:1 M111 An object takes no key "labl". (did you mean "label"?)'],
    ),
    (
        f"{HEAD}  a: {{type: text, help: One, and two}}\n",
        [
            (
                'a.yaml:3:30 M111 A text field takes no key "and two". '
                "(within {…} a comma ends a text: put the whole text in quotes)"
            )
        ],
    ),
    (
        f"{HEAD}  a: {{type: formula, formula: b}}\n",
        ['a.yaml:3:3 M112 A formula field needs "returns".'],
    ),
    (
        f"{HEAD}  a: {{type: roll_up, from: b, via: c, measure: sum}}\n",
        [
            (
                'a.yaml:3:3 M112 A roll_up field needs "of", the field it is taken of; '
                "only a count has none."
            )
        ],
    ),
    (
        f"{HEAD}  a: {{type: picklist}}\n",
        ['a.yaml:3:3 M112 A picklist field needs either "values" or "picklist".'],
    ),
    # --- values -----------------------------------------------------------------------------------
    (
        f"{HEAD}  a: {{type: pickist}}\n",
        ['a.yaml:3:13 M123 There is no field type "pickist". (did you mean "picklist"?)'],
    ),
    (f"{HEAD}  a: {{label: A}}\n", ['a.yaml:3:3 M112 A field needs "type".']),
    (f"{HEAD}  a: text\n", ["a.yaml:3:3 M113 A field must be a map of keys and values."]),
    (
        f"{HEAD}  a: {{type: text, required: yes}}\n",
        ['a.yaml:3:29 M113 "required" must be true or false, not "yes".'],
    ),
    (
        f"{HEAD}  a: {{type: number, decimals: 99}}\n",
        ['a.yaml:3:31 M116 "decimals" must be at most 10, not 99.'],
    ),
    (
        f"{HEAD}  a: {{type: number, max: 1e999999999}}\n",
        ['a.yaml:3:26 M113 "max" must be a number, not "1e999999999".'],
    ),
    (
        f"{HEAD}  a: {{type: lookup, to: [b, b]}}\n",
        ['a.yaml:3:29 M117 "to" names "b" twice.'],
    ),
    (
        "object: deal\nsharing: privat\n",
        ['a.yaml:2:10 M114 "sharing" cannot be "privat". (did you mean "private"?)'],
    ),
    (
        "object: deal\nlabel: ''\n",
        ['a.yaml:2:8 M116 "label" must not be empty.'],
    ),
    (
        'object: deal\nlabel: "a\\0b"\n',
        ["a.yaml:2:8 M115 The text holds a control character (U+0000). (remove it)"],
    ),
    (
        "project: a\nformat: 2\n",
        ['a.yaml:2:9 M114 "format" must be 1, not 2.'],
    ),
    (
        "object: deal\nfields: [a]\n",
        ['a.yaml:2:9 M113 "fields" must be a map of names.'],
    ),
    (
        "object: deal\nindexes: {a: b}\n",
        ['a.yaml:2:10 M113 "indexes" must be a list.'],
    ),
    # --- steps ------------------------------------------------------------------------------------
    (
        (
            "workflow: w\nobject: deal\nwhen: savd\nsteps:\n  - {name: a, emial: x}\n  - a\n"
            "  - {name: b, if: x, then: [{name: c, note: x, foo: 1}]}\n"
        ),
        [
            'a.yaml:3:7 M114 "when" cannot be "savd". (did you mean "saved"?)',
            (
                'a.yaml:5:5 M118 An item of "steps" does not say what it does. '
                '(did you mean "email"?)'
            ),
            'a.yaml:6:5 M113 An item of "steps" must be a map of keys and values, not "a".',
            (
                'a.yaml:7:48 M111 An item of "then" with note takes no key "foo". '
                "(one of name, label, note, description, active)"
            ),
        ],
    ),
    (
        "workflow: w\nobject: deal\nwhen: at\nsteps: []\n",
        ['a.yaml:1:1 M112 A workflow has "at" with `when: at`, and only then.'],
    ),
    (
        "action: a\nobject: deal\n",
        ['a.yaml:1:1 M112 An action needs either "create" or "workflow" or "url".'],
    ),
    # --- names ------------------------------------------------------------------------------------
    (
        f"{HEAD}  Close Date: {{type: date}}\n",
        [
            (
                'a.yaml:3:3 M115 "Close Date" is not an API name: small letters, digits and _, '
                'a letter first. (perhaps "close_date")'
            )
        ],
    ),
    (
        f"{HEAD}  {'a' * 41}: {{type: date}}\n",
        [
            (
                f'a.yaml:3:3 M115 "{"a" * 41}" has 41 characters; a name has at most 40. '
                f'(perhaps "{"a" * 40}")'
            )
        ],
    ),
    (
        f"{HEAD}  owner: {{type: text}}\n",
        [
            (
                'a.yaml:3:3 M121 "owner" is reserved: Patron has a field of that name. '
                "(choose another name)"
            )
        ],
    ),
    (
        f"{HEAD}  in: {{type: text}}\n",
        ['a.yaml:3:3 M121 "in" is a word of the expression language. (choose another name)'],
    ),
    (
        "object: patron_x\n",
        [
            (
                'a.yaml:1:9 M121 "patron_x" is reserved: Patron has an object of that name. '
                "(choose another name)"
            )
        ],
    ),
    (
        f"{HEAD}  a: {{type: text, aka: [owner]}}\n",
        [
            (
                'a.yaml:3:25 M121 "owner" is reserved: Patron has a field of that name. '
                "(leave it out of `aka`)"
            )
        ],
    ),
    (
        f"{HEAD}  a: {{type: text, aka: [b]}}\n  b: {{type: text, aka: [b]}}\n",
        [
            (
                'a.yaml:3:25 M122 The former name "b" is taken by deal.b (a.yaml:4). '
                "(a name means one component, now or formerly)"
            ),
            'a.yaml:4:25 M122 "b" is the name itself, not a former one.',
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[" ".join(c[1])[:60] for c in CASES])
def test_a_mistake_is_told_once(text: str, expected: list[str]) -> None:
    """Each mistake is one line: file, line, column, code, a sentence, and what to do."""
    assert problems_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"app": "x", "app": "y", "items": ["home"]}', "M107 The key"),
        ('{"app": "x",}', "a.json:1:12 M104 A comma after the last item."),
        ('{"app" "x"}', "a.json:1:8 M104 Here “:” is expected."),
        ('{app: "x"}', 'a.json:1:2 M104 Here a key in "quotes" is expected.'),
        ('{"app": "x"} more', "a.json:1:14 M104 Text after the end of the JSON value."),
        ('["x"', "a.json:1:5 M104 Here “,” is expected."),
        ('{"app": "x', "a.json:1:9 M104 A text is not closed"),
        ('{"app": nothing}', "a.json:1:9 M104 Here a value is expected."),
        ("[" * 100, "M106 The values are nested deeper than 60 levels."),
        ("", "M108 The file is empty."),
        ('{"object": "x",\n "label": "\\ud800"}', "a.json:2:11 M115 The text holds a control"),
        ('{"object": "x",\n "sharing": 1e99}', "a.json:2:13 M114"),
    ],
)
def test_json_is_as_strict(text: str, expected: str) -> None:
    """JSON files are read by the same rules, with the same places."""
    assert any(expected in problem for problem in problems_of(text, "a.json"))


@pytest.mark.parametrize(
    "text",
    [
        "object: a\nfields: " + "[" * 1000 + "]" * 1000,
        "object: a\nfields:\n" + "".join(" " * i + "b:\n" for i in range(1, 1000)),
        "- " * 100_000,
        "[" * 200_000,
    ],
)
def test_deep_nesting_is_refused_quickly(text: str) -> None:
    """A file of a thousand levels is one problem and does not exhaust the stack."""
    found = problems_of(text)

    assert [problem.split(" ")[1] for problem in found] == ["M106"]


def test_a_key_that_is_no_word_stops_the_file() -> None:
    """Keys that are maps or lists are taken by nobody, however deep they go."""
    assert problems_of("? " * 100_000) == ["a.yaml:1:3 M105 A key must be a word."]
    assert problems_of("{a: b}: c\n") == ["a.yaml:1:1 M105 A key must be a word."]


def test_two_files_that_declare_the_same_are_both_named() -> None:
    """The second one is the problem; its message names the first."""
    _, problems = tree_from_texts({"a.yaml": "roles: {x: {}}\n", "b.yaml": "\nroles: {x: {}}\n"})

    assert list(map(str, problems)) == [
        'b.yaml:2:9 M120 Role "x" is declared twice, first in a.yaml:1. (remove one of them)'
    ]


def test_an_object_in_two_files_outside_its_folder_is_declared_twice() -> None:
    """Only a folder holds one object in several files."""
    _, problems = tree_from_texts({"a.yaml": "object: deal\n", "b.yaml": "object: deal\n"})

    assert [problem.code for problem in problems] == ["M120"]


def test_a_property_in_two_files_of_a_folder_is_declared_twice() -> None:
    """Two labels cannot both hold."""
    _, problems = tree_from_texts(
        {
            "objects/deal/a.yaml": "object: deal\nlabel: A\n",
            "objects/deal/b.yaml": "object: deal\nlabel: B\n",
        }
    )

    assert list(map(str, problems)) == [
        (
            'objects/deal/b.yaml:2:1 M120 "label" stands twice, first in objects/deal/a.yaml:2. '
            "(remove one of them)"
        )
    ]


def test_all_problems_of_all_files_come_at_once_in_order() -> None:
    """Nothing stops the reading of the next file."""
    _, problems = tree_from_texts(
        {
            "b.yaml": "object: b\nlabel: [x]\nsharing: x\n",
            "a.yaml": "object: a\nfields: {x: {type: txt}}\n---\nobject: [",
        }
    )

    places = [(problem.file, problem.line) for problem in problems]
    assert places == sorted(places)
    assert [problem.code for problem in problems] == ["M123", "M104", "M113", "M114"]


# --- what is broken is known to be there ---------------------------------------------------------


def broken(text: str) -> SourceTree:
    """Read a file with mistakes."""
    tree, problems = tree_from_texts({"a.yaml": text})
    assert problems
    return tree


def test_a_component_with_a_bad_key_stays_without_it() -> None:
    """The rest is checked on, so that nothing that reads the field is reported again."""
    tree = broken(f"{HEAD}  a: {{type: currency, foo: 1}}\n")

    assert dict(tree.docs["field:deal.a"].data) == {"type": "currency"}  # type: ignore[index]  # a key


def test_a_component_without_a_type_is_remembered() -> None:
    """It cannot be read, but it is there."""
    tree = broken(f"{HEAD}  a: {{type: txt}}\n")

    assert tree.is_broken("field:deal.a")
    assert not tree.is_broken("field:deal.b")


def test_a_file_that_stops_remembers_what_it_was_about() -> None:
    """Everything of an unreadable object may exist; nothing else may."""
    tree = broken("object: deal\nfields: {a: {type: text\n")

    assert tree.is_broken("object:deal")
    assert tree.is_broken("field:deal.anything")
    assert not tree.is_broken("field:account.name")


def test_an_unreadable_table_may_hold_anything_of_its_kind() -> None:
    """Roles that could not be read are not reported as missing."""
    tree = broken("roles: {a: {\n")

    assert tree.is_broken("role:whoever")
    assert not tree.is_broken("queue:whoever")


def test_a_sound_tree_has_nothing_broken() -> None:
    """Nothing is broken where nothing was reported."""
    tree, problems = tree_from_texts({"a.yaml": "object: deal\n"})

    assert problems == ()
    assert not tree.is_broken("object:deal")


# --- files on disk -------------------------------------------------------------------------------


def on_disk(folder: Path) -> list[str]:
    """Read a folder and give its problems."""
    return [str(problem) for problem in load_tree(folder)[1]]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """A wrong path is a problem, not an empty configuration."""
    assert on_disk(tmp_path / "nope") == [
        f"{tmp_path}/nope:1:1 M101 There is no folder {tmp_path}/nope."
    ]


def test_text_that_is_not_utf8_is_told_with_its_place(tmp_path: Path) -> None:
    """Files from old editors say where the first bad byte stands."""
    (tmp_path / "a.yaml").write_bytes(b"object: deal\nlabel: \xe9t\xe9\n")

    assert on_disk(tmp_path) == [
        "a.yaml:2:8 M102 The file is not UTF-8 (byte 0xE9). (save it as UTF-8)"
    ]
    assert load_tree(tmp_path)[0].is_broken("object:deal")


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    """Files saved on Windows are files like any other, with the right columns."""
    (tmp_path / "a.yaml").write_bytes("\ufeffobject: deal\r\nsharing: x\r\n".encode())

    assert [problem.split(" ")[0] for problem in on_disk(tmp_path)] == ["a.yaml:2:10"]


def test_a_huge_file_is_refused_without_reading_it_as_yaml(tmp_path: Path) -> None:
    """Ten megabytes are refused with the size that fits."""
    (tmp_path / "a.yaml").write_text("object: deal\n" + "# x\n" * 2_500_000)

    assert on_disk(tmp_path) == [
        (
            f"a.yaml:1:1 M103 The file has 10.0 MB; at most {MAX_SIZE // 10**6} MB are read. "
            "(part it into several files)"
        )
    ]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A configuration cannot reach files elsewhere; a link within it is read."""
    (tmp_path / "secret.yaml").write_text("object: secret\n")
    folder = tmp_path / "metadata"
    folder.mkdir()
    (folder / "real.yaml").write_text("object: deal\n")
    (folder / "out.yaml").symlink_to(tmp_path / "secret.yaml")

    assert on_disk(folder) == [
        "out.yaml:1:1 M101 The link leads out of the folder; a configuration holds its own files."
    ]
    assert "object:secret" not in load_tree(folder)[0].docs


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """A dangling link is a problem of its own."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone.yaml")

    assert on_disk(tmp_path) == [
        "a.yaml:1:1 M101 The file cannot be read: No such file or directory."
    ]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would block whoever opens it."""
    os.mkfifo(tmp_path / "a.yaml")

    assert on_disk(tmp_path) == ["a.yaml:1:1 M101 This is no ordinary file."]


def test_hidden_files_and_folders_are_not_ours(tmp_path: Path) -> None:
    """.git, .patron and editors' files are passed over, as is everything but YAML and JSON."""
    (tmp_path / ".patron").mkdir()
    for name in (".patron/base.yaml", ".hidden.yaml", "notes.md"):
        (tmp_path / name).write_text("nonsense: [")

    assert on_disk(tmp_path) == []
