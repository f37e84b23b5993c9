"""Ways to reach people: `email`, `phone`, `url`. Checked for sense, normalised as little as helps.

Separate from plain texts, because equal addresses must be equal text: duplicates, imports by e-mail
and unique fields compare what is stored here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, Value
from engine.model.fields.texts import Text, describe, length_of, read_text

# The useful part of RFC 5322: no comments, no quoted local parts; a domain with at least one dot.
# Said by what may not stand there, since a set that names the letters of the world takes
# milliseconds to compile, at every start.
_LOCAL = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f]+"
_LETTER = r"[^\x00-/:-@\[-`{-\x7f]"  # a letter or digit of any script
_LABEL = rf"{_LETTER}(?:[^\x00-,./:-@\[-`{{-\x7f]*{_LETTER})?"
_EMAIL = re.compile(rf"({_LOCAL}(?:\.{_LOCAL})*)@({_LABEL}(?:\.{_LABEL})+)\Z")
_MAX_LOCAL, _MAX_LABEL = 64, 63

_PHONE = re.compile(r"\+?[0-9 ().\-/\u00a0\u202f]+(?:(?:x|ext\.?|#) ?[0-9]{1,8})?\Z", re.IGNORECASE)
_PHONE_SEPARATORS = re.compile(r"[\s.\-/\u00a0\u202f]+")
_FEWEST_DIGITS, _MOST_DIGITS = 3, 20

_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?\Z")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+\Z")
_SCHEMES = frozenset({"http", "https"})


class Email(Text):
    """An e-mail address; the domain is kept in lower case."""

    name = "email"
    summary = "An e-mail address."

    def parse(self, field: Field, value: object) -> Value:
        """Read one address; spaces around it are dropped, the domain is lowered.

        Raises: BadValue R113.
        """
        text = read_text(value, length_of(field)).strip()
        found = _EMAIL.match(text)
        if found is None or not _fits(*found.groups()):
            message = say("{value} is no e-mail address.", value=describe(text))
            raise BadValue("R113", message, say("write it like name@example.com"))
        return f"{found[1]}@{found[2].lower()}"


def _fits(local: str, domain: str) -> bool:
    labels = domain.split(".")
    return len(local) <= _MAX_LOCAL and all(len(label) <= _MAX_LABEL for label in labels)


class Phone(Text):
    """A phone number; groups are parted by single spaces."""

    name = "phone"
    summary = "A phone number, best with its country: +33 1 23 45 67 89."

    def parse(self, field: Field, value: object) -> Value:
        """Read a number; dots, dashes and slashes become single spaces, 00 becomes +.

        Raises: BadValue R114.
        """
        text = read_text(value, length_of(field)).strip()
        digits = sum(character.isdigit() for character in text)
        if _PHONE.match(text) is None or not _FEWEST_DIGITS <= digits <= _MOST_DIGITS:
            message = say("{value} is no phone number.", value=describe(text))
            raise BadValue("R114", message, say("write it like +33 1 23 45 67 89"))
        text = _PHONE_SEPARATORS.sub(" ", text)
        return f"+{text[2:].lstrip()}" if text.startswith("00") else text


class Url(Text):
    """A web address: http or https, nothing that a browser would run."""

    name = "url"
    summary = "A web address (http or https)."

    def parse(self, field: Field, value: object) -> Value:
        """Read an address; scheme and host are lowered, a bare host gets https.

        Raises: BadValue R115.
        """
        text = read_text(value, length_of(field)).strip()
        written = text if _has_scheme(text) else f"https://{text}"
        try:
            parts = urlsplit(written)
            host, _port = parts.hostname or "", parts.port
        except ValueError as error:
            raise _bad_url(text) from error
        scheme = parts.scheme.lower()
        if scheme not in _SCHEMES or not _is_host(host) or any(map(str.isspace, text)):
            raise _bad_url(text)
        return parts._replace(scheme=scheme, netloc=_lower_host(parts.netloc)).geturl()


def _is_host(host: str) -> bool:
    if ":" in host:
        return _IPV6.match(host) is not None
    return _HOST.match(host) is not None and ("." in host or host == "localhost")


def _has_scheme(text: str) -> bool:
    head, colon, rest = text.partition(":")
    return bool(colon) and head.isalpha() and not rest[:1].isdigit()


def _lower_host(netloc: str) -> str:
    user, at, host = netloc.rpartition("@")
    return f"{user}{at}{host.lower()}"


def _bad_url(text: str) -> BadValue:
    return BadValue(
        "R115",
        say("{value} is no web address that can be opened.", value=describe(text)),
        say("write it like https://example.com; only http and https are taken"),
    )
