"""Settings of an installation, read once from environment variables by the composition roots.

Separate and passed as a value, because nothing below the faces may read the process environment.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PatronError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where an installation keeps its state and whom it talks to; every value has a default."""

    home: Path
    database_url: str = ""  # production; empty: SQLite files under `home`
    broker_url: str = ""  # empty: the filesystem transport under `home`
    smtp_url: str = ""  # empty: nothing is mailed
    mail_from: str = ""  # sender of mails; empty: patron at this machine's name
    # Private networks that endpoints may lead to; empty: the public internet only.
    webhook_allow: tuple[Network, ...] = ()
    public_url: str = ""  # how people reach this installation; links in mails begin with it
    proxies: int = 0  # of ours, before the web processes: what they say of visitors is believed
    oidc_issuer: str = ""  # another sign-in server; empty: passwords only
    oidc_client_id: str = ""
    oidc_client_secret: str = ""  # empty: a public client, by PKCE alone
    oidc_label: str = "single sign-on"  # what its button says
    oidc_admits: str = ""  # ENV:SET,SET for people who are not known yet; empty: nobody
    secret_key: str = ""  # empty: made on first use and kept under `home`
    remote_url: str = ""
    remote_token: str = ""
    config: Path | None = None  # where `patron login` keeps tokens of its user

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the PATRON_* variables; relative paths count from the working directory.

        Raises: PatronError W150 when PATRON_WEBHOOK_ALLOW holds what is no network.
        """
        return cls(
            home=Path(environ.get("PATRON_HOME", "") or "var").absolute(),
            database_url=environ.get("PATRON_DATABASE_URL", ""),
            broker_url=environ.get("PATRON_BROKER_URL", ""),
            smtp_url=environ.get("PATRON_SMTP_URL", ""),
            mail_from=environ.get("PATRON_MAIL_FROM", ""),
            webhook_allow=_networks(environ.get("PATRON_WEBHOOK_ALLOW", "")),
            public_url=environ.get("PATRON_PUBLIC_URL", ""),
            proxies=_count(environ.get("PATRON_PROXIES", "")),
            oidc_issuer=environ.get("PATRON_OIDC_ISSUER", ""),
            oidc_client_id=environ.get("PATRON_OIDC_CLIENT_ID", ""),
            oidc_client_secret=environ.get("PATRON_OIDC_CLIENT_SECRET", ""),
            oidc_label=environ.get("PATRON_OIDC_LABEL", "") or "single sign-on",
            oidc_admits=environ.get("PATRON_OIDC_ADMITS", ""),
            secret_key=environ.get("PATRON_SECRET_KEY", ""),
            remote_url=environ.get("PATRON_URL", ""),
            remote_token=environ.get("PATRON_TOKEN", ""),
            config=_config(environ),
        )

    def key_for(self, purpose: str) -> bytes:
        """Give the 32 bytes that are used for one purpose: each follows from the secret key."""
        secret = self.ensure_secret_key().encode()
        return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()

    def ensure_secret_key(self) -> str:
        """Give the secret key, making and keeping one (mode 0600) on first use."""
        if self.secret_key:
            return self.secret_key
        path = self.home / "secret.key"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            fresh = self.home / f"secret.key.{secrets.token_hex(4)}"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            try:
                path.hardlink_to(fresh)  # whoever is first wins; nobody overwrites a key
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()


def _config(environ: Mapping[str, str]) -> Path | None:
    """Give the folder of a user's own settings, as desktops name it."""
    given = environ.get("XDG_CONFIG_HOME", "")
    if given:
        return Path(given, "patron")
    home = environ.get("HOME", "") or environ.get("USERPROFILE", "")
    return Path(home, ".config", "patron") if home else None


def _count(text: str) -> int:
    """Read a number; what is none counts as 0, so that nobody is believed by mistake."""
    return int(text) if text.isascii() and text.isdigit() else 0


def _networks(text: str) -> tuple[Network, ...]:
    """Read networks parted by commas."""
    try:
        return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        message = "PATRON_WEBHOOK_ALLOW holds what is no network."
        hint = "write networks parted by commas: 127.0.0.1/32,10.1.0.0/16"
        raise PatronError(message, code="W150", hint=hint) from error
