"""A configuration as a dict, written as TOML."""

import json


def toml_text(settings):
    lines = []
    tables = []
    for key, value in settings.items():
        if isinstance(value, dict):
            tables.append("\n".join([f"[{key}]", *_pairs(value)]))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables += ["\n".join([f"[[{key}]]", *_pairs(item)]) for item in value]
        else:
            lines.append(f"{key} = {_value(value)}")
    return "\n\n".join(["\n".join(lines), *tables]).strip() + "\n"


def merged(base, changes):
    """`changes` over `base`, table by table; None takes a key away."""
    result = dict(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _pairs(table):
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)
