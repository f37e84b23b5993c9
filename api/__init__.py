"""REST over `Session`: generic routes, strict reading, one error shape. Knows no object by name.

`api.blueprint.make_blueprint` is the way in; `wsgi.py` mounts it twice, for production and for any
environment. May import from the engine: session, snapshots, errors, names, settings.
"""
