"""An application open to anyone but for one path: no spelling of that path reaches the application unasked."""

import posixpath
import re
from urllib.parse import unquote, unquote_to_bytes

import pytest

from harness.raw_http import exchange, request


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    routes = [
        {"path": "/", "upstream": upstream.url, "access": "anyone"},
        {"path": "/admin", "upstream": upstream.url},
        {"path": "/shop/admin", "upstream": upstream.url},
        {"path": "/slashes", "upstream": upstream.url, "access": "anyone", "allow_encoded_slashes": True},
        {"path": "/slashes/admin", "upstream": upstream.url, "allow_encoded_slashes": True},
        {"path": "/caf%C3%A9", "upstream": upstream.url},
    ]
    gateway = shared_stage.gateway(forger, upstream, {"route": routes})
    yield gateway
    assert gateway.is_alive


SPELLINGS = r"""
    /admin /admin/ /admin/x /admin? /admin?/../x /%61dmin /a%64min /%61%64%6d%69%6e /admi%6E/x
    //admin ///admin //admin//x
    /./admin /x/../admin /x/%2e%2e/admin /.//admin /%2e/admin /%2fadmin /%2Fadmin /%5cadmin /\admin /admin%2f /admin%2fx
    /admin%5c /admin\ /admin; /admin;x /admin;/x /;/admin /x;/../admin /admin%3bx /x/..;/admin /admin/. /admin/..
    /admin/%2e /admin%00 /admin%00.css /admin%0a /admin%09 /admin#x /admin%23 /%2561dmin /%252fadmin /%25%36%31dmin
    /shop//admin /shop/./admin /shop%2fadmin /shop%2Fadmin/x //shop/admin /shop///admin//x
    /shop/%61dmin /shop/x/../admin
    /slashes/admin /slashes%2fadmin /slashes/%2fadmin /slashes//admin /slashes/%2Fadmin/x /slashes/x%2f..%2fadmin
    /slashes/%2e%2fadmin /slashes/%2e/admin /slashes/admin%2fx /slashes/%61dmin /slashes%2F%61dmin /slashes/%252fadmin
    /slashes/..%2fadmin /slashes/%2e%2e/admin /slashes/%2e%2e%2fadmin /slashes%5cadmin /%2fslashes%2fadmin
    /caf%C3%A9 /caf%c3%a9 /caf%c3%A9/x //caf%C3%A9 /%63af%C3%A9
""".split()
PROTECTED = ("/admin", "/shop/admin", "/slashes/admin", "/caf\u00e9")


def readings(target):
    """Every path that some server may see in these bytes."""
    path = target.partition("?")[0]
    seen = set()
    for text in (path, unquote(path), unquote(unquote(path))):
        for separated in (text, text.replace("\\", "/")):
            for cut in (separated, re.sub(r";[^/]*", "", separated)):
                for ended in (cut, cut.split("\0")[0], cut.split("#")[0], cut.strip()):
                    seen |= {ended, re.sub("/+", "/", ended), posixpath.normpath("/" + ended.lstrip("/"))}
    return seen


def is_protected(target):
    return any(path == known or path.startswith(known + "/") for path in readings(target) for known in PROTECTED)


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_a_protected_path_is_served_to_a_stranger(gateway, upstream, path):
    upstream.forget()
    answer = exchange(gateway.port, request(path, f"127.0.0.1:{gateway.port}"))
    assert answer.status in (400, 401) or not is_protected(path), answer.head
    assert not [r.target for r in upstream.received if is_protected(r.target)]


NEIGHBOURS = ["/", "/adminx", "/admin.css", "/x/admin", "/shop", "/shop/adm", "/slashes/x%2fy", "/cafe"]


@pytest.mark.parametrize("path", NEIGHBOURS)
def test_its_neighbours_stay_open(gateway, upstream, path):
    assert exchange(gateway.port, request(path, f"127.0.0.1:{gateway.port}")).status == 200
    assert unquote_to_bytes(upstream.last().target) == unquote_to_bytes(path)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PROPFIND", "QUERY", "M-SEARCH"])
def test_no_method_opens_a_protected_path(gateway, upstream, method):
    upstream.forget()
    fields = ["X-HTTP-Method-Override: GET", "X-Original-URL: /", "X-Rewrite-URL: /", "Content-Length: 0"]
    answer = exchange(gateway.port, request("/admin", f"127.0.0.1:{gateway.port}", *fields, method=method), method)
    assert answer is None or answer.status in (400, 401, 405, 501), answer.head
    assert upstream.received == []


def test_an_absolute_target_opens_no_protected_path(gateway, upstream):
    upstream.forget()
    host = f"127.0.0.1:{gateway.port}"
    for rest in ("/admin", "//admin", "/%61dmin", "/x/../admin", "/;/admin", "?/admin", "/admin?x"):
        answer = exchange(gateway.port, request(f"http://{host}{rest}", host))
        assert answer.status in (400, 401) or rest.startswith("?"), (rest, answer.head)
    assert not [r.target for r in upstream.received if is_protected(r.target)]
