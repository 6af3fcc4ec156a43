"""Two replicas behind nginx, one after the other replaced under load: nobody notices."""

import http.client
import threading

from harness.front import Nginx
from harness.ports import free_port
from harness.replicas import redis_settings, replica
from harness.stage import sign_in
from harness.waiting import eventually


class Balancer(Nginx):
    """nginx as it stands in many places: two servers, connections kept, what nobody has begun asked of the other."""

    def __init__(self, gateways, port):
        super().__init__(gateways[0], port)
        self.gateways = gateways

    def emit(self, front=None):
        servers = "".join(f"    server 127.0.0.1:{gateway.port} max_fails=0;\n" for gateway in self.gateways)
        return (
            f"upstream gatehouse {{\n{servers}    keepalive 16;\n}}\n"
            f"server {{\n    listen 127.0.0.1:{self.port};\n"
            "    location / {\n        proxy_pass http://gatehouse;\n        proxy_http_version 1.1;\n"
            '        proxy_set_header Connection "";\n        proxy_set_header Host $http_host;\n    }\n}\n'
        )


def test_a_rolling_restart_loses_not_one_request(stage, forger, upstream):
    redis, port = stage.redis(), free_port()
    settings = redis_settings(redis.url) | {
        "server": {"public_url": f"http://127.0.0.1:{port}", "drain_delay": "1s", "drain_timeout": "10s"}}
    first = stage.gateway(forger, upstream, settings)
    second, _ = replica(stage, first, forger, upstream)
    second.configure({"server": {"drain_delay": "1s"}})
    second.restart()
    balancer = stage.keep(Balancer([first, second], port).start())
    upstream.on("/slow", lambda connection, received: (stop.wait(0.05), connection.reply(received.body)))
    upstream.on("/fast", lambda connection, received: connection.reply(received.body or b"fast"))

    agent = sign_in(first, forger)
    cookie = agent.cookie_header(first.url("/"))
    stop, answers, trouble = threading.Event(), [], []

    # nginx asks the other replica for what has broken off, but never for a POST: none may break off.
    kinds = [("GET", "/fast", None), ("PUT", "/slow", b"p" * 3000), ("POST", "/slow", b"p" * 3000), ("POST", "/fast", b"")]

    def browse(number):
        connection = http.client.HTTPConnection("127.0.0.1", balancer.port, timeout=15)
        try:
            while not stop.is_set():
                method, path, body = kinds[number % len(kinds)]
                connection.request(method, path, body, {"Cookie": cookie})
                answer = connection.getresponse()
                answers.append((path, answer.status, answer.read()))
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=browse, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for gateway in (first, second, first):
        before = len(answers)
        eventually(lambda: len(answers) > before + 50)
        gateway.process.signal(15)
        assert gateway.process.wait() == 0
        gateway.restart()
    before = len(answers)
    eventually(lambda: len(answers) > before + 50)
    stop.set()
    for thread in threads:
        thread.join()
    assert not trouble
    assert {(path, status) for path, status, _ in answers} == {("/fast", 200), ("/slow", 200)}
    assert {body for path, _, body in answers if path == "/fast"} == {b"fast"}
    assert {body for path, _, body in answers if path == "/slow"} == {b"p" * 3000}
