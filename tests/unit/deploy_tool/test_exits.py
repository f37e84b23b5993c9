"""Exit codes, literally."""

from __future__ import annotations

import pytest

from deploy_tool.exits import MEANINGS, Exit, UsageWrong, exit_of
from engine import errors


def test_the_codes_are_those_of_the_contract():
    """Scripts depend on these numbers."""
    assert {code.name: int(code) for code in Exit} == {
        "DONE": 0,
        "INTERNAL": 1,
        "DIFFERENCES": 2,
        "INVALID": 3,
        "CONFLICT": 4,
        "CONSENT_MISSING": 5,
        "NOT_ALLOWED": 6,
        "STALE": 7,
        "BUSY": 8,
        "UNDONE": 9,
        "FOLLOW_UP": 10,
        "UNKNOWN": 11,
        "USAGE": 64,
    }
    assert set(MEANINGS) == set(Exit)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UsageWrong(message="x"), 64),
        (errors.MetadataInvalid(message="x"), 3),
        (errors.RecordInvalid(), 3),
        (errors.RequestInvalid(message="x"), 3),
        (errors.NotFound(), 3),
        (errors.Conflict(message="x"), 4),
        (errors.AccessDenied(message="x"), 6),
        (errors.SignInRequired(), 6),
        (errors.DeploymentFailed(message="x"), 9),
        (errors.DeploymentFailed(message="x", exit_code=7), 7),
        (errors.PatronError(message="x"), 1),
        (errors.PatronError(message="x", code="S102"), 8),
    ],
)
def test_every_error_ends_with_its_code(error, expected):
    """An error of the house decides the code; what nobody foresaw is internal."""
    assert exit_of(error) == expected
