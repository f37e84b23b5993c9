"""Configuration tests: the examples of validation rules, and the files of `metadata/tests`.

`run_tests(tree, model)` judges the examples purely and plays the tests in a throw-away environment;
the outcome is a `Report`, which `rendering` writes for people, for programs and as JUnit.
Imports the engine, planning and applying; no command line.
"""

from deploy_tool.testing.outcomes import Outcome, Report, State
from deploy_tool.testing.running import run_tests

__all__ = ["Outcome", "Report", "State", "run_tests"]
