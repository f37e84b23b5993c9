"""An installation with one environment, on both databases."""

from __future__ import annotations

from tests.unit.engine.store.conftest import control, control_address, environment, now

__all__ = ["control", "control_address", "environment", "now"]
