"""Runs of workflows: what starts them, their steps, waits and ends, and how people meet them.

`triggering` tells what a save starts, `running` moves runs on, `stepping` and `reaching` carry
steps out, `resuming` takes up what waited. All is written through the unit of whoever caused it.
"""
