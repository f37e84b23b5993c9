"""The exception tree: each class has a code, a status and the one HTTP shape."""

from __future__ import annotations

import pytest

from engine.codes import CODES
from engine.errors import (
    AccessDenied,
    AutomationFailed,
    Conflict,
    DeploymentFailed,
    FieldError,
    MetadataInvalid,
    MetadataStale,
    NotFound,
    PatronError,
    Problem,
    RecordInvalid,
    RequestInvalid,
    SignInRequired,
    sort_problems,
)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (MetadataInvalid("x"), "M100", 422),
        (MetadataStale("x"), "V100", 500),
        (AccessDenied("x"), "A100", 403),
        (SignInRequired(), "A200", 401),
        (NotFound(), "N100", 404),
        (RecordInvalid(), "R100", 422),
        (RequestInvalid("x"), "Q100", 422),
        (Conflict("x"), "C100", 409),
        (AutomationFailed("x"), "W100", 422),
        (DeploymentFailed("x"), "D100", 500),
    ],
)
def test_every_class_has_its_code_and_its_shape(error: PatronError, code: str, status: int) -> None:
    """What a face answers is the same five keys, whatever went wrong."""
    shape = error.as_json()

    assert (shape["code"], shape["status"]) == (code, status)
    assert {"code", "message", "hint", "errors", "status"} <= shape.keys()
    assert code in CODES
    assert str(error).startswith(code)


def test_a_refused_field_leaves_out_an_empty_hint() -> None:
    """An answer carries hints only where there is one."""
    bare = FieldError(field="a", code="R105", message="A is required.")
    hinted = FieldError(field="a", code="R105", message="A is required.", hint="fill it")

    assert "hint" not in bare.as_json()
    assert hinted.as_json()["hint"] == "fill it"


def test_problems_are_read_from_top_to_bottom_and_once() -> None:
    """Findings are ordered by file, line and column; the same one is not told twice."""
    late = Problem(code="M202", message="late", file="a.yaml", line=10, col=1)
    early = Problem(code="M301", message="early", file="a.yaml", line=9, col=4, hint="so")
    other = Problem(code="M202", message="other", file="b.yaml", line=1, col=1)

    assert sort_problems([other, late, early, late]) == (early, late, other)
    assert str(early) == "a.yaml:9:4 M301 early (so)"
