"""The interpreter: metadata -> compiled model -> records. No Flask, no HTTP, no globals.

Front door: `engine.session` (records) and `engine.snapshots` (which version runs where).
Layers, top down: jobs, session, snapshots, people, store, records | automation, query, access,
compile | diff, compiled, expr, source, model, names, errors. import-linter enforces them.
"""
