"""Expressions as SQL: templates of functions filled in, and what a template cannot say written out.

`writer` walks a typed tree; `sqlite` and `postgresql` know how each database keeps values;
`functions` lists the helper functions that must be there. Entered through `engine.store.lower`.
"""
