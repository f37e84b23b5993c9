"""Environments: made, listed, and (with the sandboxes) cloned, seeded, masked, refreshed, retired.

Public: `environments` (the directory and how an environment is made). May import the engine, and
SQLAlchemy's public types; knows no plan and no command line.
"""
