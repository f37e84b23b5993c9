"""A save carried out: what is loaded before the pipeline decides, and what is written after.

Separate from `engine.records`, which is pure, and from `engine.session`, which is the front door.
Works on many records at once; a single save is a list of one.
"""
