"""The OpenAPI document and the catalogue of problems as Markdown, for docs/."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from neasmart_gateway.api.problems import CATALOGUE

_MADE = "<!-- Made by scripts/make-docs from the code; change it there. -->"
_OF_ALL = ("X-Request-ID",)
"""Parameters of every operation, which the introduction tells of."""

Part = Mapping[str, Any]


def api_page(document: Part) -> str:
    """Return docs/api.md."""
    operations = _by_tag(document)
    tags = [line for tag in document["tags"] for line in _tag(document, tag, operations[tag["name"]])]
    schemas = [line for name, schema in document["components"]["schemas"].items() for line in _schema(name, schema)]
    general = ["# The REST API", _MADE, document["info"]["description"], "## Operations", _overview(operations)]
    models = ["## Bodies and answers", "Every field is always there, unless it says otherwise.", *schemas]
    return _joined([*general, *tags, *models])


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        _MADE,
        "What `type` of a problem stands for. The gateway has the same page at `/api/docs/errors`.",
        _table(
            ("status", "code", "what"), ([k.status, f"[`{k.code}`](#{k.code})", k.title] for k in CATALOGUE.values())
        ),
    ]
    for kind in CATALOGUE.values():
        lines += [f"## {kind.code}", f"**{kind.status} {kind.title}.** {kind.happened}"]
        lines += ["Likely causes:", _list(kind.causes), "What to do:", _list(kind.steps)]
    return _joined(lines)


def _by_tag(document: Part) -> dict[str, list[tuple[str, str, Part]]]:
    found: dict[str, list[tuple[str, str, Part]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append((method.upper(), path, operation))
    return found


def _overview(operations: Mapping[str, list[tuple[str, str, Part]]]) -> str:
    rows = [
        [f"[`{method} {path}`](#{operation['operationId']})", operation["x-scope"] or "–", operation["summary"]]
        for listed in operations.values()
        for method, path, operation in listed
    ]
    return _table(("operation", "scope", "what"), rows)


def _tag(document: Part, tag: Part, operations: Iterable[tuple[str, str, Part]]) -> Iterator[str]:
    yield f"### {tag['name'].replace('_', ' ').capitalize()}"
    yield tag["description"]
    for method, path, operation in operations:
        yield f'#### <a id="{operation["operationId"]}"></a>`{method} {path}`'
        yield operation["description"]
        yield from _parameters(document, operation)
        yield from _request(operation)
        yield _answers(document, operation)
        yield from _example(operation)


def _parameters(document: Part, operation: Part) -> Iterator[str]:
    found = [_resolved(document, parameter) for parameter in operation["parameters"]]
    found = [one for one in found if one["name"] not in _OF_ALL]
    rows = [
        [f"`{one['name']}`", one["in"], _kind(one["schema"]), _limits(one["schema"]), one["description"]]
        for one in found
    ]
    if rows:
        yield _table(("parameter", "in", "type", "limits", "meaning"), rows)


def _request(operation: Part) -> Iterator[str]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield f"Body: {_kind(content['schema'])}, such as `{json.dumps(content['example'], ensure_ascii=False)}`."


def _answers(document: Part, operation: Part) -> str:
    rows = []
    for status, answer in operation["responses"].items():
        whole = _resolved(document, answer)
        rows.append([status, ", ".join(_contents(whole)), whole["description"]])
    return _table(("status", "answer", "when"), rows)


def _contents(answer: Part) -> Iterator[str]:
    for media, content in answer.get("content", {}).items():
        examples = content.get("examples")
        yield from [f"[`{code}`](errors.md#{code})" for code in examples] if examples else [_content(media, content)]


def _content(media: str, content: Part) -> str:
    kind = _kind(content["schema"])
    return kind if kind.startswith("[") else f"`{media}`"


def _example(operation: Part) -> Iterator[str]:
    for answer in operation["responses"].values():
        for content in answer.get("content", {}).values():
            if "example" in content:
                yield f"```json\n{json.dumps(content['example'], indent=2, ensure_ascii=False)}\n```"
                return


def _schema(name: str, schema: Part) -> Iterator[str]:
    yield f'### <a id="schema-{name.lower()}"></a>{name}'
    yield schema.get("description", "")
    if "enum" in schema:
        yield f"One of {_values(schema)}."
    required = schema.get("required", ())
    rows = [
        [f"`{field}`", _kind(one), one.get("x-unit", ""), one.get("description", ""), "" if field in required else "no"]
        for field, one in schema.get("properties", {}).items()
    ]
    if rows:
        yield _table(("field", "type", "unit", "meaning", "always"), rows)


def _kind(schema: Part) -> str:
    """Return what type a schema is, in a word or two."""
    null = " or null" if schema.get("nullable") else ""
    match schema:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#schema-{name.lower()})"
        case {"allOf": [only, *_]}:
            return _kind(only) + null
        case {"anyOf": list(several)}:
            return " or ".join(_kind(one) for one in several)
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}{null}"
        case {"enum": _}:
            return _values(schema) + null
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {_kind(values)}{null}"
    return f"{schema.get('format', schema.get('type', 'anything'))}{null}"


def _values(schema: Part) -> str:
    return ", ".join(f"`{value}`" for value in schema["enum"])


def _limits(schema: Part) -> str:
    parts = {"from": schema.get("minimum"), "to": schema.get("maximum"), "usually": schema.get("default")}
    below = {"below" if schema.get("exclusiveMaximum") and word == "to" else word: end for word, end in parts.items()}
    return " ".join(f"{word} {end}" for word, end in below.items() if end is not None)


def _resolved(document: Part, part: Part) -> Part:
    """Return what a reference stands for."""
    if "$ref" not in part:
        return part
    found: Any = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    lines = [
        head,
        ["---"] * len(head),
        *([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"* {item}" for item in items)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
