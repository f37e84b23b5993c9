"""From a model to what its tables lack: a list of steps, each of which can be told and run.

`steps` is pure; `load_state` reads what is there. Nothing here drops a column or a table: what a
model no longer has is retired and keeps its values.
"""

from engine.store.ddl.generations import ConvertColumn, PublishPlace, SwapPlaces
from engine.store.ddl.planning import steps
from engine.store.ddl.state import State, load_state
from engine.store.ddl.steps import (
    AddColumn,
    CreateIndex,
    CreateTable,
    DdlStep,
    DropIndex,
    RenamePlace,
    RestorePlace,
    RetirePlace,
)

__all__ = [
    "AddColumn",
    "ConvertColumn",
    "CreateIndex",
    "CreateTable",
    "DdlStep",
    "DropIndex",
    "PublishPlace",
    "RenamePlace",
    "RestorePlace",
    "RetirePlace",
    "State",
    "SwapPlaces",
    "load_state",
    "steps",
]
