"""Where settings come from besides the file: environment and secret files; how the program reports on all of it."""

import re

import pytest

from harness import gateway as program
from harness.stage import session_of, sign_in
from harness.toml import merged
from harness.user_agent import UserAgent
from test_configuration import GOOD, check, problems

BROKEN = [
    "server = [",
    "[server\nlisten = 1",
    '[server]\nlisten = "127.0.0.1:1"\nlisten = "127.0.0.1:2"',
    "[server]\n[server]",
    "\x00",
    "=",
    '[[server]]\nlisten = "127.0.0.1:1"',
    "route = 7",
    '[route]\npath = "/"',
    '[surver]\nlisten = "127.0.0.1:1"',
    "loose = 1",
]


@pytest.mark.parametrize("text", BROKEN, ids=repr)
def test_a_file_that_is_not_toml_or_has_the_wrong_tables_is_refused_with_a_line(tmp_path, text):
    assert problems(check(tmp_path, text))


def test_an_empty_file_is_refused(tmp_path):
    assert check(tmp_path, "").returncode == 78


def test_bytes_that_are_no_text_are_refused(tmp_path):
    file = tmp_path / "gatehouse.toml"
    file.write_bytes(b"\xff\xfe\x00")
    assert program.run("check", "--config", str(file)).returncode == 78


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_file_that_is_not_there_is_named(tmp_path, command):
    result = program.run(command, "--config", str(tmp_path / "missing.toml"))
    assert result.returncode in (66, 78)
    assert "missing.toml" in result.stderr


def test_all_problems_are_told_at_once(tmp_path):
    settings = merged(GOOD, {"server": {"listen": "x"}, "log": {"level": "loud"}, "session": {"idle": "soon"}})
    found = problems(check(tmp_path, settings))
    for key in ("server.listen", "log.level", "session.idle"):
        assert any(key in problem for problem in found), key


def test_serve_refuses_what_check_refuses(tmp_path):
    check(tmp_path, merged(GOOD, {"log": {"level": "loud"}}))
    result = program.run("serve", "--config", str(tmp_path / "gatehouse.toml"))
    assert result.returncode == 78
    assert "log.level" in result.stderr


def test_a_misspelt_section_is_recognized(tmp_path):
    found = problems(check(tmp_path, GOOD | {"sesion": {"store": "memory"}}))
    assert any(re.search(r"did you mean .*session", problem) for problem in found), found


def test_the_environment_overrides_the_file(tmp_path):
    env = {"GATEHOUSE_LOG_LEVEL": "loud"}
    found = problems(check(tmp_path, GOOD | {"log": {"level": "info"}}, env=env))
    assert any("GATEHOUSE_LOG_LEVEL" in problem for problem in found), found


def test_an_environment_variable_of_ours_that_means_nothing_is_refused(tmp_path):
    found = problems(check(tmp_path, GOOD, env={"GATEHOUSE_PROVIDER_CLIENT_IDD": "x"}))
    assert any("GATEHOUSE_PROVIDER_CLIENT_IDD" in problem and "CLIENT_ID" in problem for problem in found), found


def test_lists_in_the_environment_are_separated_by_commas(tmp_path):
    assert check(tmp_path, GOOD, env={"GATEHOUSE_PROVIDER_SCOPES": "openid,email"}).returncode == 0
    assert check(tmp_path, GOOD, env={"GATEHOUSE_SIGN_IN_IDENTIFIER": "email,mail"}).returncode == 78


def test_a_gateway_starts_from_the_environment_and_a_secret_file(stage, forger, upstream, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(forger.client_secret + "\n")
    secret.chmod(0o600)
    env = {"GATEHOUSE_PROVIDER_CLIENT_ID": forger.client_id, "GATEHOUSE_SIGN_IN_LOGIN_HINT": "from@environment.test"}
    settings = {"provider": {"client_secret": None, "client_secret_file": secret, "client_id": "overridden"}}
    gateway = stage.gateway(forger, upstream, settings, env=env)
    challenge = UserAgent().get(gateway.url("/"))
    assert "from%40environment.test" in challenge.headers["Location"]
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_secret_in_two_places_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret-value")
    found = problems(check(tmp_path, merged(GOOD, {"provider": {"client_secret_file": secret}})))
    assert any("client_secret" in problem for problem in found), found


def test_a_secret_file_that_is_empty_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("\n")
    settings = merged(GOOD, {"provider": {"client_secret": None, "client_secret_file": secret}})
    assert any("client_secret_file" in problem for problem in problems(check(tmp_path, settings)))


def test_trusting_everybody_needs_a_word_that_says_so(tmp_path):
    found = problems(check(tmp_path, merged(GOOD, {"server": {"trusted_proxies": ["0.0.0.0/0"]}})))
    assert any("trusted_proxies" in problem for problem in found)


def test_an_http_address_for_browsers_needs_a_word_that_says_so(tmp_path):
    settings = merged(GOOD, {"server": {"public_url": "http://app.example.com"}})
    assert any("insecure_http" in problem for problem in problems(check(tmp_path, settings)))
    assert check(tmp_path, merged(settings, {"server": {"insecure_http": True}})).returncode == 0
    assert check(tmp_path, merged(GOOD, {"server": {"public_url": "http://localhost:8080"}})).returncode == 0


def test_a_path_of_ours_that_a_route_also_claims_is_no_surprise(tmp_path):
    paths = {"sign_in": "/sign-in", "callback": "/sign-in"}
    assert any("paths." in problem for problem in problems(check(tmp_path, GOOD | {"paths": paths})))


def test_keys_are_fresh_and_fit_for_the_configuration(tmp_path):
    keys = [program.run("key").stdout.strip() for _ in range(3)]
    assert len(set(keys)) == 3
    for key in keys:
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", key)
    assert check(tmp_path, GOOD | {"session": {"keys": keys}}).returncode == 0
    assert check(tmp_path, GOOD | {"session": {"keys": [keys[0], keys[0]]}}).returncode == 78


def test_the_version_is_told():
    result = program.run("version")
    assert result.returncode == 0
    assert re.search(r"\d+\.\d+", result.stdout)


@pytest.mark.parametrize("arguments", [["nonsense"], ["check"], ["serve", "--nonsense"], ["check", "--config"]])
def test_a_wrong_command_line_is_refused_with_a_hint(arguments):
    result = program.run(*arguments)
    assert result.returncode == 64
    assert "sage" in result.stderr


def test_an_address_that_is_taken_is_an_error_that_says_so(stage, forger, upstream, tmp_path):
    gateway = stage.gateway(forger, upstream)
    file = tmp_path / "second.toml"
    file.write_text(gateway.file.read_text())
    result = program.run("serve", "--config", str(file))
    assert result.returncode not in (0, 78)
    assert (
        str(gateway.port) in result.stderr + result.stdout or str(gateway.admin_port) in result.stderr + result.stdout
    )
