"""What happens by itself: workflows as programs, carried out over values. Pure.

`machine.advance` takes a program one effect further; `before.run_before_save` is what a save calls
at its fifth step. The definitions are compiled once per version (`engine.compiled.Automation`); who
calls carries the effects out. Imports nothing above `compiled`.
"""

from engine.automation.before import Firing, run_before_save
from engine.automation.machine import Assigned, Refused, advance, compute

__all__ = ["Assigned", "Firing", "Refused", "advance", "compute", "run_before_save"]
