"""Deployments: a plan carried out in one transaction or in phases, gone on with, or taken back.

`applying` is the door. Knows the fence, the switch and what follows it; above `plans`, which it
carries out, and below the commands and the faces, which ask for it.
"""
