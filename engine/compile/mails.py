"""E-mails made ready to be written: subject and body, in the language of the labels and in others.

Separate from the other kinds that hold expressions, because a mail's translation holds expressions
too: a text in another language that names a field which is not there is found here.
"""

from __future__ import annotations

from types import MappingProxyType

from engine.compile.objects import scope_of
from engine.compile.scopes import ObjectScope
from engine.compile.work import Work, at_pointer
from engine.compiled import MailTemplate, MailText
from engine.expr.templates import Template
from engine.names import ObjectName, label_from, split_key
from engine.source import SourceDoc

KIND = "emails"  # as translations call it


def compile_mails(work: Work) -> None:
    """Fill `mails`; every problem of a subject or a body stands under its character."""
    for name, doc in work.named("email").items():
        owner = ObjectName(str(doc.data.get("object", "")))
        if owner not in work.declared or doc.key in work.broken:
            continue  # reported as a dangling reference
        scope = scope_of(work, owner)
        subject = work.template(doc, "/subject", scope)
        body = work.template(doc, "/body", scope)
        if subject is None or body is None:
            continue
        own = MailText(subject=subject, body=body)
        work.mails[name] = MailTemplate(
            name=name,
            label=str(doc.data.get("label") or label_from(name)),
            object=owner,
            is_html=doc.data.get("format") == "html",
            own=own,
            translations=MappingProxyType(_translations(work, name, scope, own)),
        )


def _translations(work: Work, name: str, scope: ObjectScope, own: MailText) -> dict[str, MailText]:
    found: dict[str, MailText] = {}
    for doc in work.named("translation").values():
        language, part = split_key(doc.key)[1]
        if part == KIND and doc.data.get(name) is not None:
            found[language] = MailText(
                subject=_text(work, doc, f"/{name}/subject", scope, own.subject),
                body=_text(work, doc, f"/{name}/body", scope, own.body),
            )
    return found


def _text(work: Work, doc: SourceDoc, pointer: str, scope: ObjectScope, own: Template) -> Template:
    """Compile a translated text; one that is missing or wrong is the own."""
    if not isinstance(at_pointer(doc.data, pointer), str):
        return own
    return work.template(doc, pointer, scope) or own
