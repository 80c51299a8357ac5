"""A file's whole history for people and for programs: lines of text and JSON. Pure; escapes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provenance.credentials.tree import Link, Node, Told
from provenance.credentials.values import Credential
from verifier.credential_view import explanation

SCHEMA = "provenance.tree/1"
_RELATIONSHIPS = {"parentOf": "edit of", "componentOf": "contains", "inputTo": "used"}
_ASSERTIONS = "/c2pa.assertions/"


def all_nodes(node: Node | None) -> Iterator[Node]:
    """The manifest and all that it builds on, each once."""
    pending = [node] if node else []
    while pending:
        current = pending.pop()
        yield current
        pending.extend(link.manifest for link in current.links if link.manifest)


def ai_made(node: Node | None) -> tuple[str, ...]:
    """The source types by which manifests say that AI made something, each once."""
    return tuple(dict.fromkeys(told.source_type or "" for each in all_nodes(node) for told in each.told if told.ai))


def failing(node: Node | None) -> int:
    """How many ingredients, at any depth, fail validation."""
    links = [link for each in all_nodes(node) for link in each.links]
    return sum(bool(link.failures or (link.manifest and link.manifest.failures)) for link in links)


def as_json(name: str, credential: Credential, node: Node | None) -> dict[str, Any]:
    """Everything that ``as_lines`` says, for programs."""
    return {
        "schema": SCHEMA,
        "file": name,
        "state": credential.state.value,
        "explanation": explanation(credential),
        "codes": list(credential.codes),
        "manifests": sum(1 for _ in all_nodes(node)),
        "failing_ingredients": failing(node),
        "ai": list(ai_made(node)),
        "manifest": _node(node) if node else None,
    }


def as_lines(credential: Credential, node: Node | None) -> Iterator[str]:
    """The history as a tree of text, the newest manifest first."""
    yield f"{credential.state.value}: {explanation(credential)}"
    if credential.problem:
        yield f"problem: {credential.problem}"
    if node is None:
        if credential.codes:
            yield f"fails: {', '.join(credential.codes)}"
        return
    made = ai_made(node)
    if made:
        yield f"AI: it, or some of it, was made or changed by AI, as is said below ({', '.join(made)})"
    yield from _node_lines(node, "")


def _node_lines(node: Node, indent: str) -> Iterator[str]:
    trust = "trusted" if node.trusted else "not trusted"
    yield f"{indent}“{node.title or '(no title)'}” signed by {node.signer or '(unreadable)'} ({trust})"
    inner = indent + ("│ " if node.links else "  ")
    said = [f"with {node.generator}" if node.generator else "", f"on {node.time}, as it says" if node.time else ""]
    if any(said):
        yield inner + " ".join(filter(None, said))
    if node.failures:
        yield f"{inner}FAILS {', '.join(node.failures)}"
    for identity in node.identities:
        yield f"{inner}names {identity} (an identity that nobody here vouches for)"
    titles = {link.label: link.title for link in node.links}
    for told in node.told:
        yield inner + _told_text(told, titles)
    for address in node.redactions:
        if not any(told.redacts == address for told in node.told):
            yield f"{inner}took out {_assertion(address)}"
    if node.more:
        yield f"{inner}… and more, which is not shown"
    for number, link in enumerate(node.links, start=1):
        last = number == len(node.links)
        yield f"{indent}{'└─' if last else '├─'} {_link_text(link)}"
        if link.manifest:
            yield from _node_lines(link.manifest, indent + ("   " if last else "│  "))


def _told_text(told: Told, titles: dict[str | None, str | None]) -> str:
    parts = [told.label.removeprefix("c2pa.")]
    if told.redacts:
        parts.append(f"took out {_assertion(told.redacts)}")
    named = [titles.get(label) or label for label in told.ingredients]
    if named:
        parts.append(", ".join(f"“{title}”" for title in named))
    if told.source_type:
        parts.append(f"AI: {told.source_type}" if told.ai else told.source_type)
    said = (told.reason, told.software, told.when, "in a part of it" if told.placed else None)
    parts += [part for part in said if part]
    return "· " + ", ".join(parts) + (f": {told.description}" if told.description else "")


def _assertion(address: str) -> str:
    return address.rsplit(_ASSERTIONS, 1)[-1]


def _link_text(link: Link) -> str:
    name = f"{_RELATIONSHIPS.get(link.relationship, link.relationship)} “{link.title or '(no title)'}”"
    if link.failures:
        name += f": FAILS {', '.join(link.failures)}"
    elif link.manifest is None and link.left_out is None:
        name += ": without a credential"
    return name + (f" ({link.left_out})" if link.left_out else "")


def _node(node: Node) -> dict[str, Any]:
    return {
        "label": node.label,
        "title": node.title,
        "signer": node.signer,
        "trusted": node.trusted,
        "claimed_time": node.time,
        "claim_generator": node.generator,
        "failures": list(node.failures),
        "actions": [_told(told) for told in node.told],
        "redactions": list(node.redactions),
        "identities": list(node.identities),
        "ingredients": [_link(link) for link in node.links],
        "truncated": node.more,
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "action": told.label,
        "when": told.when,
        "source_type": told.source_type,
        "ai": told.ai,
        "description": told.description,
        "reason": told.reason,
        "software": told.software,
        "redacts": told.redacts,
        "in_part": told.placed,
        "ingredients": list(told.ingredients),
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "relationship": link.relationship,
        "title": link.title,
        "label": link.label,
        "failures": list(link.failures),
        "manifest": _node(link.manifest) if link.manifest else None,
        "left_out": link.left_out,
    }
