"""Git's drivers for metadata: how it merges a file, and how it shows one.

Git starts a process for every file, so these load nothing that they do not need: no database, no
web, no schemas. Stands on `engine.source` and `engine.diff` alone.
"""
