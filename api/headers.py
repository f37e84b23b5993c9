"""Request headers: who calls, which version is expected, which request this is.

Separate from the routes, because each header is read by one rule everywhere. Reads Flask's request;
holds nothing.
"""

from __future__ import annotations

import hashlib
import re

from flask import request

from api.bodies import MAX_BODY, NUL, shorten
from engine.errors import RequestInvalid, SignInRequired
from engine.locale import say
from engine.store.platform.enter import TokenCredential

TRACE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

MAX_KEY = 255  # characters of an Idempotency-Key
VERSION = re.compile(r'(?:"(?P<quoted>[0-9]{1,18})"|(?P<bare>[0-9]{1,18}))\Z')
JSON_KINDS = frozenset({"application/json", "text/json", ""})
LINE_KINDS = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})


def read_credential() -> TokenCredential:
    """Read the caller's token.

    Raises: SignInRequired A200.
    """
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        hint = "send the header Authorization: Bearer TOKEN"
        raise SignInRequired("This needs a token, and none was sent.", hint=hint)
    return TokenCredential(token.strip())


def read_trace_name() -> str:
    """Read under which name the request's trace is kept; "" keeps none.

    Raises: RequestInvalid Q111 for a name that cannot be one.
    """
    name = request.headers.get("Patron-Trace", "")
    if name and not TRACE_NAME.fullmatch(name):
        message = say("A trace is kept under a name of up to 64 letters, digits, - and _.")
        raise RequestInvalid(message, code="Q111", hint="Patron-Trace: monday-1")
    return name


def read_expected_version() -> int | None:
    """Read If-Match: a bare version, with or without quotes; `*` and no header mean any.

    Raises: RequestInvalid Q208 (400).
    """
    given = request.environ.get("HTTP_IF_MATCH", "").strip()
    if given in {"", "*"}:
        return None
    match = VERSION.match(given)
    if match is not None:
        return int(match["quoted"] or match["bare"])
    message = f"If-Match must be a record's version, not {shorten(given)}."
    raise RequestInvalid(message, code="Q208", status=400, hint='write If-Match: 3 or "3"')


def read_idempotency_key() -> str | None:
    """Read the key under which a request may be sent again without being done again.

    Raises: RequestInvalid Q209 (400).
    """
    key: str | None = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if 0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable():
        return key
    message = f"Idempotency-Key must be 1 to {MAX_KEY} printable ASCII characters."
    raise RequestInvalid(message, code="Q209", status=400)


def request_fingerprint() -> str:
    """Give what makes two requests the same: method, address, query and body, as a sha256."""
    address = f"{request.method} {request.path}?{request.environ.get('QUERY_STRING', '')}\n"
    return hashlib.sha256(address.encode() + request.get_data(cache=True)).hexdigest()


def read_body(most: int = MAX_BODY) -> bytes:
    """Read the body's bytes, at most `most` of them.

    Raises: RequestInvalid Q203 (413).
    """
    # One more than allowed: a body without a length is cut there without a word, and so is seen.
    request.max_content_length = most + 1
    body = request.get_data(cache=True)
    if len(body) > most:
        raise RequestInvalid("The request is too large.", code="Q203", status=413)
    return body


def ensure_readable_address() -> None:
    """Refuse an address that holds a zero byte or is not UTF-8, before Flask replaces its bytes.

    Raises: RequestInvalid Q202 (400).
    """
    address: str = request.environ["PATH_INFO"]
    try:
        text = address if address.isascii() else address.encode("latin-1").decode()
    except UnicodeError as error:
        message = "The address is not UTF-8."
        raise RequestInvalid(message, code="Q202", status=400) from error
    if NUL in text:
        raise RequestInvalid("The address holds a zero byte.", code="Q202", status=400)


def body_is_lines(*, may_be_lines: bool = False) -> bool:
    """Tell whether the body is one JSON value per line; JSON in one piece otherwise.

    Raises: RequestInvalid Q204 (415) for any other kind of body.
    """
    kind = request.mimetype
    if "HTTP_CONTENT_ENCODING" in request.environ:
        message = "A body must not be compressed."
        raise RequestInvalid(message, code="Q204", status=415)
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if may_be_lines and kind in LINE_KINDS:
        return True
    if charset in {"utf-8", "utf8"} and (kind in JSON_KINDS or kind.endswith("+json")):
        return False
    hint = "send application/json in UTF-8"
    message = f"The body is {shorten(request.content_type or '')}, which is not read here."
    raise RequestInvalid(
        message,
        code="Q204",
        status=415,
        hint=f"{hint}, or application/x-ndjson" if may_be_lines else hint,
    )
