"""Puts the sample data into an environment: its people, its configuration data, its records.

Separate from loading, which takes rows; here the files, the people and the day come together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.snapshots import Environment, Environments
from sandbox.configured import load_configured
from sandbox.samples.aging import note_samples, today_of
from sandbox.samples.loading import Loading
from sandbox.samples.people import Person, admit
from sandbox.samples.reading import read_samples


def install_samples(
    environments: Environments,
    environment: Environment,
    people: Sequence[Person],
    passwords: Mapping[str, str],
    *,
    at: datetime,
) -> int:
    """Fill an environment that has neither members nor records; give how many records it got.

    `passwords` by e-mail. Takes about two seconds. Raises: as `Loading.load`.
    """
    users = admit(environments, environment, people, passwords, at=at)
    today = today_of(environment, at)
    configured = load_configured(environment)
    loading = Loading(environment, people, today, at)
    loading.ids.update(configured)
    samples = read_samples()
    count = loading.load(samples, users)
    note_samples(environment, {*samples, *(name for name, _ in configured)}, today, at)
    return count + len(configured)
