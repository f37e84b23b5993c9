"""Delivery: what the outbox holds goes out, after the commit, at least once and with its key.

`deliver_lane` takes one effect after the other; `mailing` and `calling` know how each kind goes
out, `addresses` where nothing may go to. Knows nothing of Celery: `engine.jobs` calls it.
"""

from engine.delivery.lanes import deliver_environment, deliver_lane, lanes_to_deliver

__all__ = ["deliver_environment", "deliver_lane", "lanes_to_deliver"]
