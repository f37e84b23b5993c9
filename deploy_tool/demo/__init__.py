"""The demo behind `patron demo`: production and a sandbox with sample data, served at once.

`home` keeps what a second start needs, `making` fills an empty home, `running` starts it. Imports
`sandbox` and its siblings in `deploy_tool`; knows no page.
"""
