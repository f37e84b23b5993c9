"""Versions, plans, applying them, and the command line `patron`.

`planning` computes a sealed `Plan`, `applying` carries it out in named phases, `places` turns what
people type (an environment, a directory) into a tree of components. `cli` is the command line;
every command is one module of `cli.commands`. May import `sandbox` and `engine`; no Flask, no SQL.
"""
