from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deploy_tool.demo.home import Demo, clear, held, new_password, read_demo, write_demo
from deploy_tool.exits import UsageWrong
from engine.people.passwords import SHORTEST


def test_what_is_kept_is_read_back_and_private(tmp_path: Path) -> None:
    """A second start finds the passwords of the first; nobody else may read them."""
    demo = Demo(is_ready=True, passwords={"admin@example.test": "kept"}, metadata="abc")

    write_demo(tmp_path, demo)

    assert read_demo(tmp_path) == demo
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600


def test_an_empty_folder_is_free(tmp_path: Path) -> None:
    """Where nothing lies a demo may be made, and a folder that is not there yet is made."""
    home = tmp_path / "a" / "b"

    with held(home):
        assert read_demo(home) is None


@pytest.mark.parametrize("name", ["control.db", "environments"])
def test_another_installation_is_left_alone(tmp_path: Path, name: str) -> None:
    """Sample data never goes into an installation that somebody made for themselves."""
    (tmp_path / name).touch()

    with pytest.raises(UsageWrong) as refused:
        read_demo(tmp_path)

    assert refused.value.code == "U111"
    assert "PATRON_HOME" in refused.value.hint


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"is_ready": true, "passwords": [], "metadata": ""}']
)
def test_a_damaged_note_is_said(tmp_path: Path, text: str) -> None:
    """A note that cannot be read gets a sentence with the folder to remove."""
    (tmp_path / "demo.json").write_text(text)

    with pytest.raises(UsageWrong) as refused:
        read_demo(tmp_path)

    assert (refused.value.code, str(tmp_path) in refused.value.hint) == ("U110", True)


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    """A PATRON_HOME that cannot be a folder gets a sentence, not a traceback."""
    (tmp_path / "file").touch()

    with pytest.raises(UsageWrong, match="cannot be used") as refused, held(tmp_path / "file"):
        pass

    assert refused.value.code == "U110"


def test_one_demo_at_a_time_runs_in_a_folder(tmp_path: Path) -> None:
    """Whoever comes second is told; when the first has ended the folder is free again."""
    with held(tmp_path), pytest.raises(UsageWrong) as refused, held(tmp_path):
        pass

    assert refused.value.code == "U112"
    with held(tmp_path):
        pass


def test_clearing_removes_only_what_a_demo_makes(tmp_path: Path) -> None:
    """What people keep beside an unfinished demo stays."""
    for name in ("control.db", "control.db-wal", "mine.txt", "demo.json"):
        (tmp_path / name).touch()
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "production.db").touch()

    clear(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "mine.txt"]


def test_passwords_are_long_and_never_the_same() -> None:
    """A generated password is good enough for the rules and stands between two spaces."""
    made = {new_password() for _ in range(100)}

    assert len(made) == 100
    assert all(len(text) >= SHORTEST and " " not in text for text in made)
