"""The frame of every page: who is visiting, signing in, language, formats, navigation, safety.

`ui` and `admin` build their pages inside it and never import each other. May import Flask, Babel
and the front door of the engine (session, snapshots, people, errors, value types).
"""
