"""Configuration tests: the examples of validation rules, and the files of `metadata/tests`.

`run_tests(tree, model)` judges the examples purely and plays the tests in a throw-away environment;
the outcome is a `Report`, which `rendering` writes for people, for programs and as JUnit.
`try_on_shadow(environment, planned)` carries a plan out on a throw-away copy with masked records.
Imports the engine, planning and applying; no command line.
"""

from deploy_tool.testing.outcomes import Outcome, Report, State
from deploy_tool.testing.running import run_tests
from deploy_tool.testing.shadow import Tried, try_on_shadow

__all__ = ["Outcome", "Report", "State", "Tried", "run_tests", "try_on_shadow"]
