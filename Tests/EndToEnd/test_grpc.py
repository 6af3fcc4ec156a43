"""gRPC through the gateway, with the library's own client and server: unary, streams, trailers, refusals."""

import queue
from concurrent import futures

import grpc
import pytest

from harness.ports import free_port
from harness.user_agent import UserAgent
from test_upstream_ways import TLSApplication


class Echo(grpc.GenericRpcHandler):
    """/echo.Echo/One, Many, All, Talk, Fail; messages are bytes."""

    def __init__(self):
        self.metadata = {}

    def service(self, details):
        self.metadata = dict(details.invocation_metadata)
        name = details.method.rsplit("/", 1)[-1]
        if name == "One":
            return grpc.unary_unary_rpc_method_handler(self.one)
        if name == "Many":
            return grpc.unary_stream_rpc_method_handler(lambda request, _: (b"%d" % n for n in range(int(request))))
        if name == "All":
            return grpc.stream_unary_rpc_method_handler(lambda requests, _: b"".join(requests))
        if name == "Talk":
            return grpc.stream_stream_rpc_method_handler(lambda requests, _: (b"<" + r + b">" for r in requests))
        if name == "Fail":
            return grpc.unary_unary_rpc_method_handler(self.fail)
        return None

    def one(self, request, context):
        context.set_trailing_metadata([("x-trailer", "last")])
        return request

    def fail(self, request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not like this")


@pytest.fixture(scope="module")
def echo(shared_stage):
    service = Echo()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=[service])
    service.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield service
    server.stop(0)


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, echo):
    url = f"http://127.0.0.1:{echo.port}"
    nobody = f"http://127.0.0.1:{free_port()}"
    routes = [
        {"path": "/", "upstream": url, "upstream_protocol": "h2c"},
        {"path": "/echo.Echo", "upstream": url, "upstream_protocol": "h2c", "access": "anyone"},
        {"path": "/gone.Gone", "upstream": nobody, "upstream_protocol": "h2c", "access": "anyone"},
    ]
    gateway = shared_stage.gateway(forger, url, {"route": routes})
    yield gateway
    assert gateway.is_alive


@pytest.fixture
def channel(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        yield channel


def test_a_call_and_its_trailers_pass(channel, echo):
    answer, call = channel.unary_unary("/echo.Echo/One").with_call(b"hello", timeout=10, metadata=[("x-mine", "1")])
    assert answer == b"hello"
    assert ("x-trailer", "last") in [tuple(item) for item in call.trailing_metadata()]
    assert echo.metadata["x-mine"] == "1"
    assert echo.metadata["x-forwarded-for"] == "127.0.0.1"


def test_large_messages_pass(channel):
    message = bytes(range(256)) * 8000
    assert channel.unary_unary("/echo.Echo/One")(message, timeout=20) == message


def test_streams_pass_both_ways(channel):
    assert list(channel.unary_stream("/echo.Echo/Many")(b"200", timeout=10)) == [b"%d" % n for n in range(200)]
    assert channel.stream_unary("/echo.Echo/All")(iter([b"a", b"b", b"c"]), timeout=10) == b"abc"


def test_a_talk_goes_back_and_forth(channel):
    """Each message is sent only when the one before has been answered: nothing may wait in between."""
    outgoing = queue.Queue()
    call = channel.stream_stream("/echo.Echo/Talk")(iter(outgoing.get, None), timeout=10)
    for number in range(5):
        outgoing.put(b"%d" % number)
        assert next(call) == b"<%d>" % number
    outgoing.put(None)
    assert list(call) == []


def code(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code()


def test_the_servers_refusals_pass(channel):
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/echo.Echo/Fail")(b"x", timeout=10)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "not like this")
    assert code(lambda: channel.unary_unary("/echo.Echo/Nothing")(b"x", timeout=10)) == grpc.StatusCode.UNIMPLEMENTED


def test_our_refusals_are_told_as_grpc_tells_them(gateway, channel):
    private = channel.unary_unary("/private.Service/One")
    assert code(lambda: private(b"x", timeout=10)) == grpc.StatusCode.UNAUTHENTICATED
    gone = channel.unary_unary("/gone.Gone/One")
    assert code(lambda: gone(b"x", timeout=10)) == grpc.StatusCode.UNAVAILABLE
    with grpc.insecure_channel(
        f"127.0.0.1:{gateway.port}", options=[("grpc.default_authority", "other.example.com")]
    ) as stranger:
        assert code(lambda: stranger.unary_unary("/echo.Echo/One")(b"x", timeout=10)) == grpc.StatusCode.UNIMPLEMENTED


def test_who_is_signed_in_may_call(gateway, forger, channel, echo):
    agent = UserAgent()
    challenge = agent.get(gateway.own("sign-in"))
    answer = agent.get(forger.authenticate(agent, agent.location(challenge)))
    assert answer.status_code == 303
    metadata = [("cookie", agent.cookie_header(gateway.origin))]
    private = channel.unary_unary("/private.Service/One")
    assert private(b"mine", timeout=10, metadata=metadata) == b"mine"
    assert echo.metadata["x-forwarded-user"]
    assert "cookie" not in echo.metadata


def test_a_call_that_is_given_up_ends_at_the_server_too(channel):
    call = channel.stream_stream("/echo.Echo/Talk")(iter(lambda: b"again", None), timeout=20)
    next(call)
    call.cancel()
    assert channel.unary_unary("/echo.Echo/One")(b"after", timeout=10) == b"after"


def test_calls_pass_over_tls_to_who_proves_its_name(stage, forger):
    ours, strangers = stage.certificates(), stage.certificates()
    pair = ours.issue("localhost")
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2), handlers=[Echo()])
    credentials = grpc.ssl_server_credentials([(pair.key_file.read_bytes(), pair.certificate_file.read_bytes())])
    port = server.add_secure_port("localhost:0", credentials)
    server.start()
    tls = {"upstream": f"https://localhost:{port}", "upstream_protocol": "h2", "access": "anyone"}
    routes = [
        {"path": "/", "upstream_ca_file": ours.authority_file, **tls},
        {"path": "/strange.Echo", "upstream_ca_file": strangers.authority_file, **tls},
    ]
    try:
        gateway = stage.gateway(forger, tls["upstream"], {"route": routes})
        with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
            for _ in range(3):
                assert channel.unary_unary("/echo.Echo/One")(b"hello", timeout=10) == b"hello"
            assert list(channel.unary_stream("/echo.Echo/Many")(b"20", timeout=10)) == [b"%d" % n for n in range(20)]
            strange = channel.unary_unary("/strange.Echo/One")
            assert code(lambda: strange(b"x", timeout=10)) == grpc.StatusCode.UNAVAILABLE
    finally:
        server.stop(0)


def test_an_application_that_does_not_agree_on_http2_gets_nothing(stage, forger):
    pair = stage.certificates()
    application = stage.keep(TLSApplication(pair.issue("localhost")))
    route = {
        "path": "/",
        "upstream": application.url,
        "upstream_protocol": "h2",
        "upstream_ca_file": pair.authority_file,
        "access": "anyone",
    }
    gateway = stage.gateway(forger, application.url, {"route": [route]})
    assert UserAgent().get(gateway.url("/")).status_code == 502
