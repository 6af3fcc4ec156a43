"""TLS in front: certificates by name, taken over while running, clients' certificates, old protocols."""

import shutil
import socket
import ssl
import subprocess

import pytest

from harness.raw_http import RawConnection
from harness.waiting import eventually


def tls_settings(pairs, **tls):
    return {
        "server": {
            "listen": ["https://127.0.0.1:PORT"],
            "public_url": "https://app.example.com",
        },
        "tls": {
            "certificate_files": [str(pair.certificate_file) for pair in pairs],
            "key_files": [str(pair.key_file) for pair in pairs],
            "check_interval": "50ms",
            **tls,
        },
    }


def with_open_route(settings, upstream):
    return {**settings, "route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}]}


@pytest.fixture
def front(stage):
    """`front(settings)`: a gateway with TLS in front of a recording upstream."""
    certificates = stage.certificates()
    forger = stage.forger()
    upstream = stage.upstream()

    class Front:
        def start(self, pairs, **tls):
            self.gateway = stage.gateway(
                forger, upstream, with_open_route(tls_settings(pairs, **tls), upstream)
            )
            return self.gateway

    front = Front()
    front.certificates = certificates
    front.upstream = upstream
    return front


def context(certificates, client=None, alpn=None):
    context = ssl.create_default_context(cafile=certificates.authority_file)
    if client:
        context.load_cert_chain(client.certificate_file, client.key_file)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def connect(gateway, context, name="app.example.com", session=None):
    raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
    return context.wrap_socket(raw, server_hostname=name, session=session)


def get(gateway, context, name="app.example.com", path="/", fields=""):
    with connect(gateway, context, name) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n{fields}\r\n".encode())
        data = b""
        while piece := connection.recv(65536):
            data += piece
    return data


def curl(certificates, gateway, *arguments, host="app.example.com", path="/"):
    return subprocess.run(
        ["curl", "-sS", "--max-time", "10", "--cacert", certificates.authority_file,
         "--connect-to", f"{host}:443:127.0.0.1:{gateway.port}", *arguments, f"https://{host}{path}"],
        capture_output=True, text=True, timeout=20,
    )


def test_a_request_over_tls_reaches_the_application(front):
    gateway = front.start([front.certificates.issue("app.example.com")])
    answer = curl(front.certificates, gateway, "-w", "%{http_version} %{http_code}", "-o", "/dev/null", "--http1.1")
    assert answer.stdout == "1.1 200", answer.stderr
    received = front.upstream.last("/")
    assert received.header("X-Forwarded-Proto") == "https"
    assert received.header("X-Forwarded-For") == "127.0.0.1"
    assert received.all("X-Forwarded-Client-Cert") == []


def test_large_bodies_pass_both_ways(front, tmp_path):
    gateway = front.start([front.certificates.issue("app.example.com")])
    body = tmp_path / "body"
    body.write_bytes(bytes(range(256)) * 4096 * 8)
    for version in ("--http1.1", "--http2"):
        front.upstream.on("/echo", lambda connection, received: connection.reply(received.body[: 3 << 20]))
        answer = tmp_path / "answer"
        result = curl(front.certificates, gateway, version, "--data-binary", f"@{body}", "-o", answer, path="/echo")
        assert result.returncode == 0, result.stderr
        assert front.upstream.last("/echo").length == body.stat().st_size
        front.upstream.forget()


def test_each_host_gets_its_own_certificate(front):
    first = front.certificates.issue("app.example.com")
    second = front.certificates.issue("*.wild.example.com", "other.example.com")
    gateway = front.start([first, second])
    trusting = context(front.certificates)

    def shown(name):
        with connect(gateway, trusting, name) as connection:
            return {value for _, value in connection.getpeercert()["subjectAltName"]}

    assert shown("app.example.com") == {"app.example.com"}
    assert shown("other.example.com") == {"*.wild.example.com", "other.example.com"}
    assert shown("a.wild.example.com") == {"*.wild.example.com", "other.example.com"}
    for stranger in ("a.b.wild.example.com", "unknown.example.com"):
        with pytest.raises(ssl.SSLCertVerificationError):
            shown(stranger)


def test_new_certificates_are_taken_over_and_bad_ones_refused(front, tmp_path):
    live = front.certificates.issue("app.example.com")
    gateway = front.start([live])
    trusting = context(front.certificates)

    def serial():
        with connect(gateway, trusting) as connection:
            return connection.getpeercert()["serialNumber"]

    first = serial()
    running = connect(gateway, trusting)

    def replace(certificate, key):
        """As deployments do it: each file in one step."""
        for source, target in ((certificate, live.certificate_file), (key, live.key_file)):
            copy = tmp_path / "copy"
            shutil.copy(source, copy)
            copy.replace(target)

    def complaint(words):
        return any(
            "the old ones stay" in line.get("message", "") and words in line.get("error", "") for line in gateway.log
        )

    stranger = front.certificates.issue("app.example.com")
    replace(stranger.certificate_file, live.key_file)
    eventually(lambda: complaint("is not that of"))
    assert serial() == first

    expired = front.certificates.issue("app.example.com", expired=True)
    replace(expired.certificate_file, expired.key_file)
    eventually(lambda: complaint("has expired"))
    assert serial() == first

    live.certificate_file.write_text("nonsense")
    eventually(lambda: complaint("holds no PEM certificates"))
    assert serial() == first

    fresh = front.certificates.issue("app.example.com")
    replace(fresh.certificate_file, fresh.key_file)
    eventually(lambda: serial() != first)
    # Who was connected stays so.
    running.sendall(b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n")
    assert running.recv(12) == b"HTTP/1.1 200"
    running.close()


@pytest.mark.parametrize("kind", ["mismatch", "nonsense", "missing"])
def test_bad_files_keep_it_from_starting(front, kind):
    from harness.gateway import run
    from harness.toml import toml_text

    pair, other = front.certificates.issue("app.example.com"), front.certificates.issue("app.example.com")
    gateway = front.start([pair])
    if kind == "mismatch":
        gateway.configure({"tls": {"key_files": [str(other.key_file)]}})
    elif kind == "nonsense":
        pair.certificate_file.write_text("nonsense")
    else:
        pair.key_file.unlink()
    file = gateway.directory / "bad.toml"
    file.write_text(toml_text(gateway.settings))
    result = run("check", "--config", file)
    assert result.returncode == 78
    assert "tls.certificate_files: found" in result.stderr


def test_old_protocols_and_ciphers_are_refused(front):
    gateway = front.start([front.certificates.issue("app.example.com")])

    def handshake(*arguments):
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-servername", "app.example.com",
             "-CAfile", front.certificates.authority_file, *arguments],
            input="", capture_output=True, text=True, timeout=20,
        )

    assert "TLSv1.3" in handshake().stdout
    assert "Verify return code: 0 (ok)" in handshake("-tls1_2").stdout
    for protocol in ("-tls1", "-tls1_1"):
        refused = handshake(protocol, "-cipher", "ALL:@SECLEVEL=0")
        assert "Cipher is (NONE)" in refused.stdout or refused.returncode != 0
    for cipher in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "NULL", "aNULL", "DES-CBC3-SHA"):
        refused = handshake("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
        assert "Cipher is (NONE)" in refused.stdout or refused.returncode != 0, cipher
    assert "ECDHE" in handshake("-tls1_2").stdout


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(front, version):
    gateway = front.start([front.certificates.issue("app.example.com")])
    trusting = context(front.certificates)
    trusting.minimum_version = trusting.maximum_version = version

    def once(session=None):
        with connect(gateway, trusting, session=session) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n\r\n")
            while connection.recv(65536):
                pass
            return connection.session, connection.session_reused

    session, reused = once()
    assert not reused
    assert once(session)[1]


def test_a_clients_certificate_is_told_to_the_application(front):
    gateway = front.start(
        [front.certificates.issue("app.example.com")],
        client_certificates="optional", client_ca_file=str(front.certificates.authority_file),
    )
    client = front.certificates.issue('eve "the root", O=x')
    forged = "X-Forwarded-Client-Cert: Subject=\"CN=root\"\r\nSSL_Client_S_DN: CN=root\r\n"
    assert b" 200 " in get(gateway, context(front.certificates), fields=forged).split(b"\r\n")[0]
    received = front.upstream.last("/")
    assert received.all("X-Forwarded-Client-Cert") == [] and received.all("SSL_Client_S_DN") == []

    front.upstream.forget()
    assert b" 200 " in get(gateway, context(front.certificates, client), fields=forged).split(b"\r\n")[0]
    told = front.upstream.last("/").header("X-Forwarded-Client-Cert")
    assert told.startswith("Hash=") and told.endswith(r'Subject="CN=eve \\\"the root\\\"\\, O=x"'), told


def test_a_strangers_certificate_is_refused(front, stage):
    gateway = front.start(
        [front.certificates.issue("app.example.com")],
        client_certificates="required", client_ca_file=str(front.certificates.authority_file),
    )
    stranger = stage.certificates().issue("stranger")
    for client in (None, stranger):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            answer = get(gateway, context(front.certificates, client))
            assert not answer
            raise ConnectionError
    assert front.upstream.received == []
    known = front.certificates.issue("known")
    for _ in range(2):
        assert b" 200 " in get(gateway, context(front.certificates, known))


def test_a_handshake_that_does_not_come_is_given_up(front):
    gateway = front.start([front.certificates.issue("app.example.com")])
    gateway.restart({"timeouts": {"request_header": "300ms"}})
    with RawConnection(gateway.port) as silent, RawConnection(gateway.port) as half:
        half.send(b"\x16\x03\x01")
        assert silent.is_closed() and half.is_closed()
    with RawConnection(gateway.port) as plain:
        plain.send("GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n")
        assert b"HTTP/1.1 2" not in plain.rest()
    assert gateway.is_alive
    assert "gatehouse_tls_handshakes_failed_total 2" in gateway.admin("/metrics").text


def test_strict_transport_security_is_sent_when_wanted(front):
    gateway = front.start([front.certificates.issue("app.example.com")], hsts="365d")
    for path in ("/", "/_gatehouse/session"):
        answer = get(gateway, context(front.certificates), path=path)
        assert answer.count(b"Strict-Transport-Security: max-age=31536000\r\n") == 1
    front.upstream.on("/own", lambda c, r: c.reply(b"x", "200 OK", "Strict-Transport-Security: max-age=1"))
    answer = get(gateway, context(front.certificates), path="/own")
    assert answer.count(b"Strict-Transport-Security") == 1
