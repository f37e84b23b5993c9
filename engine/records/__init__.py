"""The save pipeline: what a change makes of a record. Pure: values in, a decision out.

`engine.records.pipeline.STAGES` is the order of execution; `engine.session` surrounds it with the
loading before and the writing after.
"""

from engine.records.coerce import coerce
from engine.records.draft import Decision, Draft
from engine.records.pipeline import STAGES, decide

__all__ = ["STAGES", "Decision", "Draft", "coerce", "decide"]
