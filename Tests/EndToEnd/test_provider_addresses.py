"""Where the provider is: over TLS that is verified, and under other addresses for us than for browsers."""

import base64
import shutil
import subprocess
from urllib.parse import unquote_plus

import pytest

from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent


@pytest.fixture(scope="module")
def certificates(shared_stage):
    return shared_stage.certificates()


@pytest.fixture
def secure(stage, certificates):
    """A provider under https://localhost."""
    return stage.forger(certificate=certificates.issue("localhost"), host="localhost")


class Trusting(UserAgent):
    """A browser that trusts any certificate: whether we do is the question, not whether it does."""

    def request(self, *arguments, **options):
        return super().request(*arguments, verify=False, **options)


pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def test_a_provider_over_tls_is_trusted_by_its_authority_file(stage, upstream, certificates, secure):
    gateway = stage.gateway(secure, upstream, {"provider": {"ca_file": certificates.authority_file}})
    assert session_of(gateway, sign_in(gateway, secure, agent=Trusting()))


def test_a_provider_over_tls_is_trusted_by_a_directory_of_hashed_authorities(
    stage, upstream, certificates, secure, tmp_path
):
    shutil.copy(certificates.authority_file, tmp_path / "authority.pem")
    subprocess.run(["openssl", "rehash", tmp_path], check=True)
    gateway = stage.gateway(secure, upstream, {"provider": {"ca_directory": tmp_path}})
    assert session_of(gateway, sign_in(gateway, secure, agent=Trusting()))


def assert_not_asked(gateway, forger):
    answer = UserAgent().get(gateway.url("/"))
    assert answer.status_code == 503
    assert forger.log == []


def test_a_certificate_nobody_vouches_for_is_refused(stage, upstream, secure):
    assert_not_asked(stage.gateway(secure, upstream), secure)


def test_a_certificate_of_another_authority_is_refused(stage, upstream, secure):
    stranger = stage.certificates()
    assert_not_asked(stage.gateway(secure, upstream, {"provider": {"ca_file": stranger.authority_file}}), secure)


def test_a_certificate_for_another_name_is_refused(stage, upstream, certificates):
    forger = stage.forger(certificate=certificates.issue("somebody-else.example"), host="localhost")
    assert_not_asked(stage.gateway(forger, upstream, {"provider": {"ca_file": certificates.authority_file}}), forger)


def test_an_insecure_setting_for_http_does_not_loosen_tls(stage, upstream, secure):
    assert_not_asked(stage.gateway(secure, upstream, {"provider": {"insecure_http": True}}), secure)


def test_browsers_and_we_may_know_the_provider_by_different_addresses(stage, upstream):
    forger = stage.forger()
    forger.issuer = "https://auth.example.test/oidc"
    inside, outside = f"http://127.0.0.1:{forger.port}", f"http://localhost:{forger.port}"
    forger.metadata = {
        "authorization_endpoint": "https://auth.example.test/auth",
        "token_endpoint": "https://auth.example.test/token",
        "jwks_uri": "https://auth.example.test/jwks",
        "userinfo_endpoint": "https://auth.example.test/me",
        "revocation_endpoint": "https://auth.example.test/token/revocation",
        "end_session_endpoint": "https://auth.example.test/session/end",
    }
    well_known = "/oidc/.well-known/openid-configuration"
    forger.on(well_known, lambda handler: handler.reply(200, forger.discovery()))
    gateway = stage.gateway(forger, upstream, {"provider": {"back_channel_url": inside, "browser_url": outside}})

    agent = UserAgent()
    challenge = agent.get(gateway.url("/"))
    assert agent.location(challenge).startswith(outside + "/auth?")
    agent.visit(forger.authenticate(agent, agent.location(challenge)))
    assert session_of(gateway, agent)
    assert forger.count(well_known) >= 1
    assert forger.count("/token") == 1
    answer = agent.submit(agent.get(gateway.own("sign-out")))
    assert agent.location(answer).startswith(outside + "/session/end?")


def test_a_browser_address_alone_leaves_the_back_channel_as_it_is(stage, upstream):
    forger = stage.forger()
    outside = f"http://localhost:{forger.port}"
    gateway = stage.gateway(forger, upstream, {"provider": {"browser_url": outside}})
    agent = UserAgent()
    challenge = agent.get(gateway.url("/"))
    assert agent.location(challenge).startswith(outside + "/auth?")
    agent.visit(forger.authenticate(agent, agent.location(challenge)))
    assert session_of(gateway, agent)
    assert forger.last("/token")["headers"]["Host"] == f"127.0.0.1:{forger.port}"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_we_authenticate_as_we_are_registered(stage, upstream, method):
    forger = stage.forger()
    forger.client_id, forger.client_secret = "an app/&?=+%:\u00e9", "s3cr:t+ %&=/\u00e9"
    forger.client_authentication = method
    secret = None if method == "none" else forger.client_secret
    gateway = stage.gateway(forger, upstream, {"provider": {"client_secret": secret}})
    assert session_of(gateway, sign_in(gateway, forger))
    asked = forger.last("/token")
    assert ("Authorization" in asked["headers"]) == (method == "client_secret_basic")
    assert asked["form"].get("client_secret") == (forger.client_secret if method == "client_secret_post" else None)
    if method == "client_secret_basic":
        user, _, password = base64.b64decode(asked["headers"]["Authorization"].split()[1]).decode().partition(":")
        assert (unquote_plus(user), unquote_plus(password)) == (forger.client_id, forger.client_secret)
        assert password.isascii() and ":" not in user + password
    else:
        assert asked["form"]["client_id"] == forger.client_id
