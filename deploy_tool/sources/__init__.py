"""Configurations wherever they lie: in folders, in git, at an environment's head, on the wire.

From each of them a tree of components, checked; and back into files. Knows nothing of plans, which
stand on it.
"""
