"""The designer and the screens over platform tables, for those who run an installation. None yet.

May import from the engine: session, snapshots, diff, source, errors, names, settings, clock.
"""
