"""A malformed configuration stops the start with exit code 78, and says where, what was found and what is allowed."""

import re
from pathlib import Path

import pytest

from harness import gateway as program
from harness.toml import merged, toml_text

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"

GOOD = {
    "server": {"listen": "127.0.0.1:8080", "public_url": "https://app.example.com"},
    "provider": {"issuer": "https://auth.example.com/oidc", "client_id": "id", "client_secret": "s3cret-value"},
    "route": [{"path": "/", "upstream": "http://127.0.0.1:3000"}],
}


def check(directory, text, env=None):
    file = directory / "gatehouse.toml"
    file.write_text(text if isinstance(text, str) else toml_text(text))
    return program.run("check", "--config", str(file), env=env)


def problems(result):
    assert result.returncode == 78, f"{result.returncode}: {result.stdout}{result.stderr}"
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    for line in lines:
        assert re.match(r"\S*gatehouse\.toml(:\d+)?: \S|environment: GATEHOUSE_\w+: ", line), line
        assert "s3cret-value" not in line
    return lines


def test_a_good_configuration_passes(tmp_path):
    result = check(tmp_path, GOOD)
    assert result.returncode == 0, result.stderr


def test_the_example_passes():
    result = program.run("check", "--config", str(EXAMPLE))
    assert result.returncode == 0, result.stderr


def keys_of_the_example():
    """(line number, section, key, value) of every key, commented out or not."""
    section = None
    for number, line in enumerate(EXAMPLE.read_text().splitlines(), 1):
        if match := re.fullmatch(r"\[+(\w+)\]+", line.strip()):
            section = match[1]
        elif match := re.fullmatch(r"#? ?([a-z_]+) = (.+)", line):
            yield number, section, match[1], match[2]


KEYS = list(keys_of_the_example())


@pytest.mark.parametrize("number, section, key, value", KEYS, ids=[f"{section}.{key}" for _, section, key, _ in KEYS])
def test_the_example_with_one_key_misspelt_says_where_and_what_was_meant(tmp_path, number, section, key, value):
    wrong = key[:-1] + "x" + key[-1]
    lines = EXAMPLE.read_text().splitlines()
    lines[number - 1] = f"{wrong} = {value}"
    found = [line for line in problems(check(tmp_path, "\n".join(lines) + "\n")) if wrong in line]
    assert len(found) == 1
    assert f"gatehouse.toml:{number}: " in found[0]
    assert f" {section}.{wrong}: " in found[0]
    assert re.search(rf"did you mean .*\b{key}\b", found[0]), found[0]


WRONG = {
    "server.listen": [
        "",
        "8080",
        "127.0.0.1",
        "127.0.0.1:0x1F90",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "somewhere:8080x",
        8080,
        [],
    ],
    "server.public_url": [
        "",
        "app.example.com",
        "ftp://app.example.com",
        "http://app.example.com",
        "https://",
        "https://a.b/path",
        "https://a.b?x",
        "https://u@a.b",
        "https://a.b:99999",
        "https://a b",
        7,
        True,
    ],
    "server.workers": [-1, "two", 1.5, 100_000],
    "server.trusted_proxies": [
        "10.0.0.0/8",
        ["10.0.0.0/33"],
        ["10.1.2.3/8"],
        ["host"],
        ["0.0.0.0/0"],
        ["::/0"],
        [7],
        [""],
    ],
    "server.drain_timeout": ["", "30", 30, "-1s", "30 parsecs", "s", "1e9s", "99999999999999999999s"],
    "server.insecure_http": ["yes", 1, "true"],
    "admin.listen": ["", "9090x", "127.0.0.1"],
    "provider.issuer": [
        "",
        "auth.example.com",
        "http://auth.example.com",
        "https://auth.example.com?x",
        "https://a.b#x",
        "https://u:p@a.b",
        1,
    ],
    "provider.client_id": ["", 7],
    "provider.client_secret": ["", 7],
    "provider.client_authentication": ["", "basic", "CLIENT_SECRET_BASIC", "private_key_jwt"],
    "provider.scopes": ["openid", [""], ["a b"], [7]],
    "provider.prompt": ["selectt", "none", 7],
    "provider.back_channel_url": ["logto:3001", "ftp://logto", "http://logto:3001/path?x"],
    "provider.browser_url": ["auth.example.com", "javascript:alert(1)"],
    "provider.ca_file": ["/nowhere/at/all.pem", "/etc/hostname"],
    "provider.ca_directory": ["/nowhere/at/all"],
    "provider.timeout": ["0s", "-1s", "10", 10],
    "provider.max_response": ["0", "1 MB", "-1KiB", "99999999999GiB", 1048576.5],
    "provider.clock_skew": ["-1s", "2d"],
    "sign_in.first_screen": ["signUp", "identifier:sign-in", "register ", 7],
    "sign_in.identifier": ["email", ["mail"], ["email", "email phone"]],
    "sign_in.direct_sign_in": ["wechat", "social:", "oauth:x", "social:a b", "sso"],
    "sign_in.ui_locales": ["ja", ["j a"], [""]],
    "sign_in.interaction_mode": ["register", "SignUp"],
    "sign_in.timeout": ["0s", "x"],
    "session.store": ["", "Memory", "file"],
    "session.lifetime": ["0s", "0d", "x"],
    "session.idle": ["0s", "x"],
    "session.keys": ["x", [""], ["short"], ["A" * 44], [7]],
    "session.keys_file": ["/nowhere/at/all"],
    "session.max_in_memory": [0, -1, "many"],
    "cookie.name": ["", "a b", "a;b", "a=b", "__Host-x", "a\u00e9", "a,b"],
    "cookie.same_site": ["none", "Laxx", ""],
    "redis.url": [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://h:99999",
        "redis://h/x",
        "redis://h/99999999999999999999",
        "unix://",
    ],
    "redis.command_timeout": ["0ms", "x"],
    "redis.password_file": ["/nowhere/at/all"],
    "redis.ca_file": ["/nowhere/at/all.pem"],
    "paths.prefix": ["", "/", "gatehouse", "/a/../b", "/a b", "/a?b", "/%2e", "//a", "/a/"],
    "paths.sign_in": ["sign-in", "/a/../b", "/a?b", "//a"],
    "timeouts.request_header": ["0s", 10, "x"],
    "timeouts.upstream_connect": ["0s"],
    "limits.header_size": ["0", "12", "x", "1TiB"],
    "limits.header_fields": [0, -1, "x"],
    "limits.upstream_idle_connections": [-1, "x"],
    "log.level": ["", "verbose", "INFO!"],
    "log.format": ["xml", ""],
    "log.access": ["yes", 0],
}
CASES = [(key, value) for key, values in WRONG.items() for value in values]


@pytest.mark.parametrize("key, value", CASES, ids=[f"{key}={value!r}"[:60] for key, value in CASES])
def test_a_wrong_value_is_refused_at_its_line_with_what_is_allowed(tmp_path, key, value):
    section, name = key.split(".")
    text = toml_text(merged(GOOD, {section: {name: value}}))
    lines = text.splitlines()
    # Counted from the table on: another one may have a key of this name.
    line = next(n for n in range(lines.index(f"[{section}]"), len(lines)) if lines[n].startswith(f"{name} = ")) + 1
    found = problems(check(tmp_path, text))
    assert any(f":{line}: {key}: " in problem and "found" in problem and "allowed" in problem for problem in found), (
        found
    )


ROUTES = {
    "no path": [{"upstream": "http://127.0.0.1:1"}],
    "an empty upstream": [{"path": "/", "upstream": ""}],
    "a relative path": [{"path": "x", "upstream": "http://127.0.0.1:1"}],
    "a path with dots": [{"path": "/a/../b", "upstream": "http://127.0.0.1:1"}],
    "a path with an escaped dot": [{"path": "/a/%2e%2e/b", "upstream": "http://127.0.0.1:1"}],
    "a path with a query": [{"path": "/a?b", "upstream": "http://127.0.0.1:1"}],
    "an upstream with a path": [{"path": "/", "upstream": "http://127.0.0.1:1/x"}],
    "an upstream without scheme": [{"path": "/", "upstream": "127.0.0.1:1"}],
    "an upstream with a password": [{"path": "/", "upstream": "http://a:b@127.0.0.1:1"}],
    "an upstream port that is none": [{"path": "/", "upstream": "http://127.0.0.1:70000"}],
    "an unknown access": [{"path": "/", "upstream": "http://127.0.0.1:1", "access": "public"}],
    "an empty access": [{"path": "/", "upstream": "http://127.0.0.1:1", "access": ""}],
    "access as a list": [{"path": "/", "upstream": "http://127.0.0.1:1", "access": ["anyone"]}],
    "an unknown key": [{"path": "/", "upstream": "http://127.0.0.1:1", "acess": "anyone"}],
    "a bad host": [{"path": "/", "upstream": "http://127.0.0.1:1", "host": "a b"}],
    "two alike": [{"path": "/a", "upstream": "http://127.0.0.1:1"}, {"path": "/a", "upstream": "http://127.0.0.1:2"}],
    "two alike but for a slash": [
        {"path": "/a", "upstream": "http://127.0.0.1:1"},
        {"path": "/a/", "upstream": "http://127.0.0.1:2"},
    ],
}


@pytest.mark.parametrize("routes", ROUTES.values(), ids=ROUTES.keys())
def test_a_wrong_route_is_refused(tmp_path, routes):
    assert any("route" in problem for problem in problems(check(tmp_path, GOOD | {"route": routes})))


def test_no_route_at_all_is_refused(tmp_path):
    assert problems(check(tmp_path, {name: value for name, value in GOOD.items() if name != "route"}))


@pytest.mark.parametrize("key", ["server.public_url", "provider.issuer", "provider.client_id"])
def test_a_key_that_must_be_set_is_missed(tmp_path, key):
    section, name = key.split(".")
    found = problems(check(tmp_path, merged(GOOD, {section: {name: None}})))
    assert any(key in problem for problem in found), found


def test_redis_needs_keys_that_last(tmp_path):
    found = problems(check(tmp_path, GOOD | {"session": {"store": "redis"}}))
    assert any("session.keys" in problem for problem in found), found
