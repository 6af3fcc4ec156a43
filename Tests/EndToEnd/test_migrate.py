"""What `gatehouse migrate oauth2-proxy` prints is read and served."""

import pytest

from harness.gateway import run

CONFIGURATION = """
http_address = "127.0.0.1:4180"
reverse_proxy = true
provider = "oidc"
oidc_issuer_url = "https://auth.example.com/oidc"
client_id = "abc"
client_secret = "s3cr\\"et"
redirect_url = "https://app.example.com/oauth2/callback"
scope = "openid profile email roles"
cookie_name = "__Host-proxy"
cookie_secret = "0123456789abcdef"
cookie_expire = "168h0m0s"
cookie_samesite = "lax"
email_domains = ["example.com"]
allowed_groups = ["staff", "admin"]
upstreams = ["http://127.0.0.1:3000/", "http://127.0.0.1:3001/api", "file:///var/www"]
skip_auth_routes = ["GET=^/healthz$", "^/static/", "^/(a|b)"]
pass_access_token = true
silence_ping_logging = true
"""


@pytest.fixture
def migrated(tmp_path):
    file = tmp_path / "oauth2-proxy.cfg"
    file.write_text(CONFIGURATION)
    result = run("migrate", "oauth2-proxy", file)
    assert result.returncode == 0, result.stderr
    return result, tmp_path


def test_the_result_is_a_configuration_of_ours(migrated):
    result, directory = migrated
    file = directory / "gatehouse.toml"
    file.write_text(result.stdout)
    check = run("check", "--config", file)
    assert check.returncode == 0, check.stderr
    text = result.stdout
    assert 'public_url = "https://app.example.com"' in text
    assert 'callback = "/oauth2/callback"' in text
    assert 'lifetime = "168h"' in text
    assert 'name = "proxy"' in text
    assert 'require = { roles = ["staff", "admin"], email_domain = ["example.com"] }' in text
    assert 'methods = ["GET"]' in text and 'path = "/healthz"' in text
    assert 'path = "/static"' in text


@pytest.mark.parametrize(
    "note",
    ["reverse_proxy", "cookie_secret", "file:///var/www", "^/(a|b)", "silence_ping_logging", "X-Forwarded-Access-Token"],
)
def test_what_has_no_equivalent_has_a_note(migrated, note):
    result, _ = migrated
    assert note in result.stderr
    assert note in result.stdout
    assert "0123456789abcdef" not in result.stdout + result.stderr


@pytest.mark.parametrize("text", ["a = ", "[[[", "\x00"])
def test_what_is_no_toml_is_refused_with_its_line(tmp_path, text):
    file = tmp_path / "x.cfg"
    file.write_text(text)
    result = run("migrate", "oauth2-proxy", file)
    assert result.returncode == 64
    assert "x.cfg:1: this is not TOML" in result.stderr


def test_a_file_that_is_not_there_is_said(tmp_path):
    assert run("migrate", "oauth2-proxy", tmp_path / "none").returncode == 64
