"""Records brought along into a sandbox: which, by whom, and how they are carried over, masked.

`wanted` is what somebody asks for, `rights` who may, `choosing` finds the records of a sample,
`carrying` brings them over. Separate from making a sandbox, which gives it a configuration and a
place; docs/decisions/records-in-sandboxes.md tells what is brought and why.
"""
