"""Another machine's Patron, as commands see it: everything over REST, nothing of its files.

The other half of the seam in `deploy_tool.site`. `client` speaks HTTP, `failures` turns answers
into the errors that the same command meets at home, `tokens` keeps what `patron login` was given,
and `site`, `promoting` and `records` say in requests what commands ask for.
"""

from deploy_tool.remote.site import RemoteSite, open_site

__all__ = ["RemoteSite", "open_site"]
