"""What is not as it should be in an environment, found, explained and mended: `patron doctor`.

`examining` finds, `doctoring` tells, `mending` repairs. Stands on the trees of `sources` and on
what follows a switch.
"""
