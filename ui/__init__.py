"""The screens for the people who sell, serve and market: generated from the model. None yet.

May import from the engine: session, snapshots, errors, names, settings, clock.
"""
