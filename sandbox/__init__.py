"""Environments: made, listed and deleted, and (with promotion) seeded, masked and refreshed.

Public: `environments` (the directory, and production), `sandboxes` (made, deleted), `changes` (what
there is to promote), `naming` (what one may be called). May import the engine, and SQLAlchemy's
public types; knows no plan and no command line.
"""
