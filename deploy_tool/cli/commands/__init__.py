"""One module per command, named in `cli.table`, imported only when its command runs.

Each has `run(arguments, terminal, installation) -> Exit`; light commands get the settings instead,
and import no database.
"""
