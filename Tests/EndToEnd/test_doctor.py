"""`gatehouse doctor` in good deployments, where it is to be silent, and in bad ones, each with the hole it is to find."""

import re
import socket

import pytest

from harness import gateway as program
from harness.careless_front import Front, field, path_of
from harness.ports import free_port
from harness.second_address import SecondAddress
from harness.stage import sign_in
from harness.user_agent import UserAgent


def doctor(gateway, url=None, *arguments):
    result = program.run(
        "doctor", url or gateway.origin, "--config", str(gateway.file), "--timeout", "3s", *arguments, within=110
    )
    result.findings = [line for line in result.stdout.splitlines() if re.match("(CRITICAL|WARNING|note): ", line)]
    return result


def assert_clean(result):
    assert result.returncode == 0, result.stdout + result.stderr
    assert not [line for line in result.findings if not line.startswith("note")], result.stdout


def assert_found(result, title, *seen):
    """One finding of this title, with these words in what was seen or what to change."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert title in result.stdout, result.stdout
    block = next(part for part in result.stdout.split("\n\n") if title in part)
    for words in seen:
        assert words in block, block


@pytest.fixture
def standing(stage):
    """A stand-in of Logto's, an upstream, a witness' address, and a gateway with a route for each policy."""

    class Standing:
        provider = stage.stand_in()
        upstream = stage.upstream()
        witness = f"127.0.0.1:{free_port()}"

        def gateway(self, settings=None):
            routes = [
                {"path": "/", "upstream": self.upstream.url},
                {"path": "/public", "upstream": self.upstream.url, "access": "anyone"},
                {"path": "/public/admin", "upstream": self.upstream.url},
                {"path": "/witness", "upstream": f"http://{self.witness}", "access": "anyone"},
            ]
            return stage.gateway(self.provider, self.upstream, {"route": routes} | (settings or {}))

        def behind(self, change=None, answer=None, settings=None):
            """A gateway and a front; public_url is the front's."""
            front = stage.keep(Front(0, change, answer))
            settings = {"server": {"public_url": front.url}} | (settings or {})
            gateway = self.gateway(settings)
            front.target = gateway.port
            return gateway, front

    return Standing()


# Good deployments


def test_a_good_deployment_has_no_finding(standing):
    gateway = standing.gateway()
    result = doctor(gateway)
    assert_clean(result)
    assert "no witness" in result.stdout, "what it cannot see it says"
    assert gateway.is_alive


def test_with_a_witness_it_has_seen_what_arrives(standing):
    gateway = standing.gateway()
    result = doctor(gateway, None, "--witness", standing.witness)
    assert_clean(result)
    assert "the witness was reached" in result.stdout
    assert "no witness" not in result.stdout


def test_a_front_that_passes_everything_on_as_it_is_does_no_harm(standing):
    gateway, front = standing.behind()
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_clean(result)


def test_a_front_that_sends_strangers_to_our_sign_in_itself_does_no_harm(standing):
    """As a check mode does: the gateway is asked, the front answers, and the sign-in begins on our own address."""

    def change(lines):
        path = path_of(lines)
        if path.startswith(("/_gatehouse", "/public", "/witness")) and not path.startswith("/public/admin"):
            return lines
        if "navigate" not in field(lines, "Sec-Fetch-Mode"):
            return lines
        return b"HTTP/1.1 302 Found\r\nLocation: /_gatehouse/sign-in?rd=%2F\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    gateway, front = standing.behind(change)
    result = doctor(gateway, front.url)
    assert_clean(result)
    assert f"back to {front.url}/_gatehouse/callback" in result.stdout
    front.answer = lambda data: data.replace(b"; HttpOnly", b"")
    assert_found(doctor(gateway, front.url), "A cookie does not fit", "lost HttpOnly")


def test_behind_tls_it_trusts_whom_it_is_told_to(stage, standing):
    certificates = stage.certificates()
    front = stage.keep(Front(0, certificate=certificates.issue("app.example.test")))
    gateway = standing.gateway({"server": {"public_url": "https://app.example.test"}})
    front.target = gateway.port
    there = ["https://app.example.test", "--connect", f"127.0.0.1:{front.port}", "--ca-file"]
    assert_clean(doctor(gateway, *there, certificates.authority_file, "--witness", standing.witness))
    stranger = stage.certificates()
    assert_found(doctor(gateway, *there, stranger.authority_file), "endpoints are not reached", "TLS")


def test_it_says_what_it_sent_and_that_is_bounded(standing):
    gateway = standing.gateway()
    result = doctor(gateway)
    sent = re.findall(r"- (\d+) to (.+)", result.stdout)
    own = sum(int(count) for count, name in sent if f"port {gateway.port}" in name)
    assert own == len(gateway.exchanges) or own >= len(gateway.exchanges) > 50
    assert own <= 600
    assert not standing.provider.control("/log?path=/oidc/token")[1:], "one code is tried, no more"


# The front


def test_a_front_that_lets_endings_by_is_found(standing):
    def change(lines):
        if path_of(lines).split("?")[0].endswith(".css"):
            return standing.upstream.port, lines
        return lines

    gateway, front = standing.behind(change)
    assert_found(doctor(gateway, front.url), "A protected path is reached by another spelling", "GET /gatehouse-doctor.css")


def test_a_front_that_lets_preflights_by_is_found(standing):
    gateway, front = standing.behind(
        lambda lines: (standing.upstream.port, lines) if lines[0].startswith(b"OPTIONS") else lines
    )
    assert_found(doctor(gateway, front.url), "A protected path is reached by another spelling", "OPTIONS /gatehouse-doctor")


def test_a_front_with_an_open_prefix_that_the_application_reads_otherwise_is_found(standing):
    """The front takes /public for open and asks nobody; the application cuts `..;/` as servlet containers do."""

    def change(lines):
        return (standing.upstream.port, lines) if path_of(lines).startswith("/public/") else lines

    gateway, front = standing.behind(change)
    assert_found(doctor(gateway, front.url), "A protected path is", "/public/admin")


@pytest.mark.parametrize("name", ["X-Original-URL", "X-Forwarded-Uri", "X-Rewrite-URL"])
def test_a_front_that_judges_the_path_a_browser_claims_is_found(standing, name):
    def change(lines):
        claimed = field(lines, name)
        return (standing.upstream.port, lines) if claimed.startswith("/_gatehouse/") else lines

    gateway, front = standing.behind(change)
    assert_found(doctor(gateway, front.url), "A header field of the browser's opens a protected path", name)


def test_a_front_that_believes_an_address_is_found(standing):
    def change(lines):
        return (standing.upstream.port, lines) if field(lines, "X-Forwarded-For") == "127.0.0.1" else lines

    gateway, front = standing.behind(change)
    assert_found(doctor(gateway, front.url), "A header field of the browser's opens a protected path", "X-Forwarded-For")


def test_a_front_that_protects_by_dropping_what_it_set_itself_is_found(standing):
    """It marks requests to be judged in a field, and honours Connection after that."""

    def change(lines):
        named = field(lines, "Connection").lower()
        return (standing.upstream.port, lines) if "x-forwarded-uri" in named else lines

    gateway, front = standing.behind(change)
    assert_found(doctor(gateway, front.url), "A header field of the browser's opens", "Connection: close, X-Forwarded-Uri")


def test_a_front_that_leaves_a_path_out_is_found(standing):
    gateway, front = standing.behind(
        lambda lines: (standing.upstream.port, lines) if not path_of(lines).startswith("/_gatehouse") else lines
    )
    result = doctor(gateway, front.url)
    assert_found(result, "A protected path is open", f"{gateway.file}:", "route.")


def test_a_front_that_sends_open_paths_around_us_lets_identities_be_forged(standing):
    """With a witness where the front's shortcut leads, every spelling that arrives is seen."""

    def change(lines):
        if path_of(lines).startswith("/witness"):
            return int(standing.witness.rpartition(":")[2]), lines
        return lines

    gateway, front = standing.behind(change)
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_found(result, "Anybody can name an identity", "X-Forwarded-User", "Remote-User")
    for spelling in ["with underscores", "in lower case", "twice", "named in Connection"]:
        assert spelling in result.stdout
    assert "The session cookie reaches the application" in result.stdout
    assert "whatever address a browser claims" in result.stdout
    assert "whatever host a browser claims" in result.stdout


def test_a_front_that_strips_one_spelling_alone_is_found_by_the_others(standing):
    def change(lines):
        if path_of(lines).startswith("/witness"):
            kept = [line for line in lines if not line.lower().startswith((b"x-", b"remote-", b"ssl-", b"cf-", b"logto-"))]
            return int(standing.witness.rpartition(":")[2]), kept
        return lines

    gateway, front = standing.behind(change)
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_found(result, "Anybody can name an identity", "with underscores")
    assert "in lower case" not in result.stdout


def test_an_open_page_that_prints_a_forged_name_is_a_witness_too(standing):
    """No --witness: the application's own open page says what it was told."""
    gateway, front = standing.behind(
        lambda lines: (standing.upstream.port, lines) if path_of(lines).startswith("/public") else lines
    )
    assert_found(doctor(gateway, front.url), "Anybody can name an identity", "/public")


def test_trusting_everybody_nearby_lets_a_browser_choose_its_address(standing):
    gateway, front = standing.behind(settings={})
    gateway.restart({"server": {"trusted_proxies": ["127.0.0.0/8"]}})
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_found(result, "The application is told whatever address a browser claims", "server.trusted_proxies")


def test_a_front_that_folds_a_line_into_its_field_does_no_harm(standing):
    """As HAProxy does: what was folded is the value of the field before it, and names nobody."""

    def change(lines):
        if path_of(lines).startswith("/witness"):
            text = b"\r\n".join(lines).replace(b"\r\n ", b" ").split(b"\r\n")
            kept = [line for line in text[1:] if line.lower().startswith((b"host:", b"x-doctor:"))]
            return int(standing.witness.rpartition(":")[2]), [text[0], *kept]
        return lines

    gateway, front = standing.behind(change)
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert "the witness was reached" in result.stdout
    assert "Anybody can name an identity" not in result.stdout, result.stdout


def test_a_front_that_forgets_a_configured_name_is_found(standing):
    def change(lines):
        if path_of(lines).startswith("/witness"):
            kept = [line for line in lines if line.lower().startswith((b"get ", b"host:", b"app-role:"))]
            return int(standing.witness.rpartition(":")[2]), kept
        return lines

    routes = [
        {"path": "/", "upstream": standing.upstream.url, "headers": [{"name": "APP_ROLE", "claim": "name"}]},
        {"path": "/witness", "upstream": f"http://{standing.witness}", "access": "anyone"},
    ]
    gateway, front = standing.behind(change, settings={"route": routes})
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_found(result, "Anybody can name an identity", "as it is: APP-ROLE")


# A front that asks


def test_a_front_that_takes_other_letters_for_the_same_path_is_found(standing):
    """The gateway judges /WITNESS as whatever is below "/"; the front has sent it to another application."""

    def change(lines):
        if path_of(lines).lower().startswith("/witness"):
            kept = [line for line in lines if not line.lower().startswith((b"x-", b"cookie", b"forwarded"))]
            return int(standing.witness.rpartition(":")[2]), kept
        return lines

    gateway, front = standing.behind(change)
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_found(result, "The front reads paths differently from the gateway", "GET /WITNESS/")


def test_a_front_that_compares_paths_as_they_were_sent_is_found(standing):
    """The gateway judges /%77itness as open, and the front sends it to another application."""

    def change(lines):
        return (standing.upstream.port, lines) if path_of(lines).startswith("/%77itness") else lines

    gateway, front = standing.behind(change)
    result = doctor(gateway, front.url, "--witness", standing.witness)
    assert_found(result, "The front reads paths differently from the gateway", "GET /%77itness/", "did not reach")


def test_a_front_that_lets_browsers_ask_the_checks_is_found(standing, signed_in):
    gateway, front = standing.behind()
    gateway.restart({"server": {"trusted_proxies": ["127.0.0.1"]}})
    title = "A browser can ask the gateway's checks itself"
    result = doctor(gateway, front.url)
    assert_found(result, title, "GET /_gatehouse/", "without a session", "check.listen")
    assert_found(doctor(gateway, front.url, *signed_in(gateway)), title)
    front.change = lambda lines: (
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        if path_of(lines).startswith(("/_gatehouse/check", "/_gatehouse/forward-auth", "/_gatehouse/ext-authz/"))
        else lines
    )
    assert title not in doctor(gateway, front.url, *signed_in(gateway)).stdout


# With a session


@pytest.fixture
def signed_in(standing, tmp_path):
    """`--cookie-file` of somebody who has signed in there."""

    def cookie_file(gateway):
        file = tmp_path / "cookie"
        # Around the front, which takes one request for each connection.
        agent = UserAgent({gateway.origin: f"http://127.0.0.1:{gateway.port}"})
        sign_in(gateway, standing.provider, agent=agent)
        file.write_text(agent.cookie_header(gateway.url("/")) + "\n")
        return ["--cookie-file", str(file)]

    return cookie_file


def test_with_a_session_a_good_deployment_has_no_finding_either(standing, signed_in):
    gateway, front = standing.behind()
    result = doctor(gateway, front.url, *signed_in(gateway), "--witness", standing.witness)
    assert_clean(result)
    assert "the cookies of --cookie-file are a session's" in result.stdout
    assert "is not shown without" in result.stdout
    assert "what a signed-in user can forge" not in result.stdout
    names = {"X-Forwarded-User", "Remote-User"}
    seen = [r for r in standing.upstream.received if r.path == "/public/admin"]
    assert len(seen) >= 8 and not [r for r in seen for name, value in r.headers if name in names and "doctor" in value]


def test_a_front_that_lets_the_signed_in_name_themselves_is_found(standing, signed_in):
    """It looks at the session, and passes on what the browser said of itself."""

    def change(lines):
        if path_of(lines).startswith("/public/admin") and field(lines, "Cookie"):
            return standing.upstream.port, lines
        return lines

    gateway, front = standing.behind(change)
    assert_clean(doctor(gateway, front.url))
    result = doctor(gateway, front.url, *signed_in(gateway))
    assert_found(result, "Whoever is signed in can name another identity", "/public/admin", "Remote-User")


def test_a_front_that_keeps_pages_for_others_is_found(standing, signed_in):
    cached = {}

    def change(lines):
        change.path = path_of(lines)
        return cached.get(change.path, lines)

    def answer(data):
        if change.path.startswith("/public/admin?") and data.startswith(b"HTTP/1.1 200"):
            cached[change.path] = data
        return data

    gateway, front = standing.behind(change, answer)
    result = doctor(gateway, front.url, *signed_in(gateway))
    assert_found(result, "A page that was shown to somebody signed in is shown to everybody", "/public/admin")


def test_cookies_that_are_nobodys_are_said_to_be(standing, tmp_path):
    gateway = standing.gateway()
    file = tmp_path / "cookie"
    file.write_text(f"{gateway.cookie_name}=AAAA")
    result = doctor(gateway, None, "--cookie-file", str(file))
    assert_clean(result)
    assert "nobody is signed in with the cookies" in result.stdout


# Addresses and cookies


def test_a_public_url_that_browsers_do_not_use_is_found(standing):
    gateway = standing.gateway({"server": {"public_url": "https://app.example.com"}})
    result = doctor(gateway, f"http://127.0.0.1:{gateway.port}")
    line = 1 + gateway.file.read_text().splitlines().index('public_url = "https://app.example.com"')
    assert_found(result, "public_url is not what browsers use", f"{gateway.file}:{line}: server.public_url", "register")


def test_https_in_the_configuration_and_http_in_the_browser_is_found(standing):
    """Cookies that are Secure, on a way that is not."""
    gateway = standing.gateway({"server": {"public_url": "https://127.0.0.1:PORT"}})
    result = doctor(gateway, f"http://127.0.0.1:{gateway.port}")
    assert_found(result, "public_url is not what browsers use")
    assert "browsers drop a Secure cookie" in result.stdout or "redirect_uri=https://" in result.stdout, result.stdout


def test_a_front_that_sends_its_own_host_is_found(standing):
    def change(lines):
        return [b"Host: backend.internal" if line.lower().startswith(b"host:") else line for line in lines]

    gateway, front = standing.behind(change)
    assert_found(doctor(gateway, front.url), "The front does not pass the browser's Host on", "proxy_set_header Host")


def test_a_front_that_keeps_our_own_paths_is_found(standing):
    not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    gateway, front = standing.behind(lambda lines: not_found if path_of(lines).startswith("/_gatehouse") else lines)
    assert_found(doctor(gateway, front.url), "The gateway's own endpoints are not reached", "gave 404", "paths.prefix")


@pytest.mark.parametrize(
    "old, new, words",
    [
        (b"; HttpOnly", b"", "lost HttpOnly"),
        (b"; Path=/", b"; Path=/app", "Path is not /"),
        (b"; Path=/", b"; Path=/; Domain=example.com", "got a Domain"),
        (b"; SameSite=Lax", b"", "lost SameSite"),
    ],
)
def test_a_front_that_rewrites_cookies_is_found(standing, old, new, words):
    gateway, front = standing.behind(answer=lambda data: data.replace(old, new))
    assert_found(doctor(gateway, front.url), "A cookie does not fit", words, "in the front")


def test_a_front_that_swallows_cookies_is_found(standing):
    gateway, front = standing.behind(answer=lambda data: re.sub(rb"Set-Cookie: [^\r]*\r\n", b"", data))
    assert_found(doctor(gateway, front.url), "does not reach the browser", "pass Set-Cookie on")


# Ways around


def outside_address(stage):
    """An address of this machine that is not of loopback. One that has none is given one as long as the test runs."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent there.
            probe.connect(("198.51.100.1", 9))
            address = probe.getsockname()[0]
            if not address.startswith("127."):
                return address
        except OSError:
            """There is no way out."""
    return stage.keep(SecondAddress()).address


def everywhere(stage, address):
    """An application on every address, by a front that passes all on to it."""
    upstream = stage.upstream()
    return stage.keep(Front(upstream.port, host=address))


def test_an_upstream_that_answers_the_doctor_is_found(stage, standing):
    open_beside = everywhere(stage, outside_address(stage))
    gateway = standing.gateway({"route": [{"path": "/", "upstream": open_beside.url}]})
    result = doctor(gateway)
    assert_found(result, "The application answers around the gateway", "took the doctor for the user", "route.upstream")
    assert_clean(doctor(gateway, None, "--beside-gateway"))


def test_an_upstream_on_loopback_that_listens_everywhere_is_found(stage, standing):
    address = outside_address(stage)
    open_beside = everywhere(stage, address)
    settings = {"route": [{"path": "/", "upstream": f"http://127.0.0.1:{open_beside.port}"}]}
    gateway, front = standing.behind(settings=settings)
    outer = stage.keep(Front(gateway.port, host=address))
    result = doctor(gateway, front.url, "--connect", f"{address}:{outer.port}")
    assert_found(result, "The application answers around the gateway", f"{address} port {open_beside.port}")


def test_ports_of_our_own_that_others_reach_are_found(stage, standing):
    address = outside_address(stage)
    gateway, front = standing.behind()
    gateway.restart({"admin": {"listen": f"0.0.0.0:{gateway.admin_port}"}, "server": {"listen": f"0.0.0.0:{gateway.port}"}})
    outer = stage.keep(Front(gateway.port, host=address))
    result = doctor(gateway, front.url, "--connect", f"{address}:{outer.port}")
    assert_found(result, "The admin listener is open to others", "admin.listen")
    assert_found(result, "The gateway is reached around the front", "server.listen")


# The provider


def test_a_redirect_uri_that_is_not_registered_is_found(standing):
    gateway = standing.gateway()
    standing.provider.register("http://127.0.0.1:1/elsewhere", gateway.own("signed-out"))
    result = doctor(gateway)
    assert_found(result, "The provider does not know the redirect URI", f"register {gateway.own('callback')}")


def test_a_sign_out_uri_that_is_not_registered_is_found(standing):
    gateway = standing.gateway()
    standing.provider.register(gateway.own("callback"), "http://127.0.0.1:1/elsewhere")
    assert_found(doctor(gateway), "does not know where browsers go after a sign-out", gateway.own("signed-out"))


def test_a_wrong_secret_is_found_before_anybody_signs_in(standing):
    gateway = standing.gateway()
    gateway.restart({"provider": {"client_secret": "another-secret-0123456789"}})
    result = doctor(gateway)
    assert_found(result, "does not take the client's credentials", "provider.client_secret")
    assert "another-secret" not in result.stdout + result.stderr


def test_an_issuer_that_is_not_the_providers_own_is_found(standing):
    gateway = standing.gateway()
    issuer = standing.provider.issuer.replace("127.0.0.1", "localhost")
    gateway.restart({"provider": {"issuer": issuer}})
    line = 1 + gateway.file.read_text().splitlines().index(f'issuer = "{issuer}"')
    assert_found(doctor(gateway), "Nobody can sign in", f"{gateway.file}:{line}: provider.issuer")


def test_a_provider_that_is_away_is_found(standing):
    gateway = standing.gateway()
    standing.provider.stop()
    assert_found(doctor(gateway), "Nobody can sign in", "provider.issuer")


def test_settings_without_a_refresh_token_are_found(standing):
    gateway = standing.gateway()
    gateway.restart({"provider": {"prompt": "login"}})
    assert_found(doctor(gateway), "There will be no refresh token", "provider.prompt")
    gateway.restart({"provider": {"prompt": "consent", "scopes": ["openid", "profile"]}})
    assert_found(doctor(gateway), "There will be no refresh token", "provider.scopes")


def test_each_provider_is_asked(standing, stage):
    gateway = standing.gateway()
    second = {**standing.provider.settings, "name": "partners", "client_secret": "another-secret-0123456789"}
    gateway.restart({"provider": [standing.provider.settings, second]})
    line = 1 + gateway.file.read_text().splitlines().index('client_secret = "another-secret-0123456789"')
    result = doctor(gateway)
    assert_found(result, "does not take the client's credentials", f"{gateway.file}:{line}: provider.client_secret")
    assert "the provider takes client_id and client_secret" in result.stdout, "the first one's are good"


# Arguments


def test_exit_codes(standing, tmp_path):
    gateway = standing.gateway()
    config = str(gateway.file)
    for arguments in [
        ["app.example.com", "--config", config],
        ["https://app.example.com/path", "--config", config],
        ["https://u@app.example.com", "--config", config],
        [gateway.origin, "--config", config, "--connect", "nowhere"],
        [gateway.origin, "--config", config, "--timeout", "soon"],
        [gateway.origin, "--config", config, "--witness", "127.0.0.1:1"],
        [gateway.origin, "--config", config, "--cookie-file", str(tmp_path / "missing")],
        [gateway.origin, "--config", config, "--witness", f"127.0.0.1:{gateway.port}", "--witness-path", "/x"],
        [gateway.origin],
        [],
    ]:
        result = program.run("doctor", *arguments)
        assert result.returncode == 64, f"{arguments}: {result.returncode} {result.stdout}{result.stderr}"
    bad = tmp_path / "bad.toml"
    bad.write_text("[server]\n")
    assert program.run("doctor", gateway.origin, "--config", str(bad)).returncode == 78


def test_nobody_there_is_a_finding_and_not_a_crash(standing):
    gateway = standing.gateway()
    gateway.process.stop()
    assert_found(doctor(gateway), "The gateway's own endpoints are not reached", "connection refused")


def test_something_that_is_no_http_is_a_finding_and_not_a_crash(stage, standing):
    gateway, front = standing.behind(lambda lines: b"\xff\xfe SSH-2.0-hello\r\n")
    assert_found(doctor(gateway, front.url), "The gateway's own endpoints are not reached")
    for garbage in [b"HTTP/1.1 999999999999999999 x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nx", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx"]:
        front.change = lambda lines, garbage=garbage: garbage
        assert doctor(gateway, front.url).returncode == 1
