"""Treatments that somebody chose for the changes of a sandbox, kept there beside its decisions.

Separate from `treatments`, which says what they mean and touches no database. A kept one counts for
every plan from the sandbox, gives way to what is typed or in a change set, and is passed over with
a warning once it fits the change no more.
"""

from __future__ import annotations

from collections.abc import Mapping

from deploy_tool.plans.treatments import Treatment, read_sent_treatment
from engine.names import ComponentKey
from engine.store.platform.values import load_settings, put_setting
from engine.store.tx import Tx

_SETTING = "treatment."  # of a sandbox, by component


def keep_treatment(tx: Tx, component: ComponentKey, treatment: Treatment) -> None:
    """Keep how the records that a change concerns are treated, in place of what was kept."""
    put_setting(tx, f"{_SETTING}{component}", treatment.text)


def load_treatments(tx: Tx) -> Mapping[str, Treatment]:
    """Give the treatments that were chosen in a sandbox. One statement."""
    settings = load_settings(tx).items()
    return {
        name.removeprefix(_SETTING): read_sent_treatment(str(text))
        for name, text in settings
        if name.startswith(_SETTING) and text
    }
