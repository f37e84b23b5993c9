"""Approvals: records submitted, decided about and recalled, by the revision they began by.

`approving` carries them out, `requests` is how one caller meets them.
"""
