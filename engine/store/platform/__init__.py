"""Platform tables: everything an environment keeps beside its records, and the control database.

Each module owns one noun and its SQL; `upgrades` makes and changes the tables in numbered steps.
"""
