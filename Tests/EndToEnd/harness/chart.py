"""Renders a Helm chart whose templates use no more than this knows; anything else fails.

There is no Helm where these tests run. So the templates are kept to values, `quote`, `toYaml` and `nindent`, `toJson` and
`sha256sum`, and `if` without `else`; what they make of values is what Helm makes of them.
"""

import hashlib
import json
import re

import yaml

_ACTION = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)


def render(text, values, release):
    """A template as Helm renders it."""
    scope = {"Values": values, "Release": {"Name": release, "Namespace": "default"}}
    pieces = []
    stack = [True]
    position = 0
    trim_next = False
    for match in _ACTION.finditer(text):
        literal = text[position : match.start()]
        if trim_next:
            literal = literal.lstrip()
        if match[1]:
            literal = literal.rstrip()
        if all(stack):
            pieces.append(literal)
        position, trim_next = match.end(), bool(match[3])
        action = match[2]
        if action.startswith("if "):
            stack.append(bool(_value(action[3:], scope)) if all(stack) else False)
        elif action == "end":
            stack.pop()
        elif all(stack):
            pieces.append(_text(_pipeline(action, scope)))
    assert stack == [True], "an if without its end"
    rest = text[position:]
    pieces.append(rest.lstrip() if trim_next else rest)
    return "".join(pieces)


def _pipeline(action, scope):
    first, *stages = [stage.strip() for stage in action.split("|")]
    words = first.split()
    value = _value(words[-1], scope)
    if len(words) == 2:
        value = _call(words[0], [], value)
    else:
        assert len(words) == 1, f"this renderer does not know {action!r}"
    for stage in stages:
        name, *arguments = stage.split()
        value = _call(name, arguments, value)
    return value


def _call(name, arguments, value):
    match name, arguments:
        case "quote", []:
            return json.dumps(_text(value), ensure_ascii=False)
        case "toYaml", []:
            return yaml.safe_dump(value, default_flow_style=False, sort_keys=True).rstrip("\n").removesuffix("\n...")
        case "toJson", []:
            return json.dumps(value, separators=(",", ":"), sort_keys=True)
        case "sha256sum", []:
            return hashlib.sha256(value.encode()).hexdigest()
        case "nindent", [count]:
            indent = " " * int(count)
            return "\n" + "\n".join(indent + line for line in value.split("\n"))
    raise AssertionError(f"this renderer does not know {name} {arguments}")


def _value(path, scope):
    assert re.fullmatch(r"(\.\w+)+", path), f"this renderer does not know {path!r}"
    value = scope
    for name in path[1:].split("."):
        value = value[name]
    return value


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
