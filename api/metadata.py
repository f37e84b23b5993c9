"""The routes that tell about the configuration: objects, describe, OpenAPI.

What they answer depends on the model, the caller's rights and their language alone, so the bytes
are made once for the three and kept; a request costs the `enter` and a look into a memo. The ETag
is their hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Response, request

from api.answers import JSON, encode
from api.calls import Calls, note_former
from api.openapi import document
from api.queries import read_query
from engine.session import Session
from engine.store.memo import Memo

KEPT_OBJECTS = 512  # some kilobytes each
KEPT_DOCUMENTS = 8  # some megabytes each where objects are many
OPENAPI_ADDRESS = "/openapi.json"
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of an answer and their hash."""

    body: bytes
    etag: str


Make = Callable[[Session], object]
Answers = Memo[tuple[str, ...], Kept]


@dataclass(frozen=True, slots=True)
class MetadataRoutes:
    """Views of /objects, /objects/{object} and /openapi.json."""

    calls: Calls
    kept: Answers = field(default_factory=lambda: Memo(KEPT_OBJECTS))
    documents: Answers = field(default_factory=lambda: Memo(KEPT_DOCUMENTS))

    def objects(self, environment: str) -> Response:
        """List the objects that the caller may read."""
        return self._answer(
            environment, self.kept, ("objects",), lambda s: {"objects": s.objects()}
        )

    def describe(self, environment: str, object: str) -> Response:
        """Describe an object: its fields, as the caller may see them."""
        return self._answer(
            environment, self.kept, ("describe", object), lambda s: s.describe(object), object
        )

    def openapi(self, environment: str) -> Response:
        """Describe the whole API as OpenAPI 3.1, as far as the caller's rights go."""
        base = request.path.removesuffix(OPENAPI_ADDRESS)
        return self._answer(environment, self.documents, (base,), lambda s: _openapi(s, base))

    def _answer(
        self, environment: str, kept: Answers, what: tuple[str, ...], make: Make, about: str = ""
    ) -> Response:
        read_query(request.environ.get("QUERY_STRING", ""), ())

        def work(session: Session) -> tuple[Kept, list[str]]:
            if about:
                session.compiled(about)  # known bytes would not tell that this is a former name
            unit = session.unit
            key = (*what, unit.snapshot.model.digest, unit.access.signature, unit.language)
            found = kept.get_or_make(key, lambda: _keep(make(session)))
            return found, session.deprecations

        found, deprecated = self.calls.enter(environment, work, write=False)
        headers = {"ETag": f'"{found.etag}"', "Cache-Control": "private, no-cache"}
        if request.if_none_match.contains(found.etag):
            return Response(status=NOT_MODIFIED, headers=headers)
        response = Response(found.body, headers=headers, mimetype=JSON)
        note_former(response, deprecated)
        return response


def _keep(value: object) -> Kept:
    body = encode(value)
    return Kept(body, hashlib.sha256(body).hexdigest()[:32])


def _openapi(session: Session, base: str) -> object:
    model = session.snapshot.model
    described = [session.describe(str(found["object"])) for found in session.objects()]
    return document(base, model.project.label, model.digest, described)
