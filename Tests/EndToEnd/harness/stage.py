"""Everything one test needs, put up in a line each, and taken down in reverse."""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from harness.certificates import Certificates
from harness.gateway import start_gateway
from harness.ports import free_port
from harness.process import Process
from harness.providers.forger import Forger
from harness.providers.stand_in import StandIn
from harness.raw_http import RawConnection
from harness.redis_cluster import RedisCluster
from harness.redis_sentinels import SentinelSet
from harness.redis_server import RedisServer
from harness.tcp_proxy import TCPProxy
from harness.upstream import Upstream
from harness.user_agent import UserAgent

APPLICATIONS = Path(__file__).parent


class Stage:
    def __init__(self):
        self._stack = ExitStack()

    def close(self):
        self._stack.close()

    def keep(self, thing):
        """Stops it at the end."""
        self._stack.callback(thing.stop)
        return thing

    def upstream(self, **options):
        return self.keep(Upstream(**options))

    def forger(self, **options):
        return self.keep(Forger(**options))

    def stand_in(self, **options):
        return self.keep(StandIn(**options))

    def redis(self, **options):
        return self.keep(RedisServer(**options))

    def sentinels(self, **options):
        return self.keep(SentinelSet(**options))

    def cluster(self, **options):
        return self.keep(RedisCluster(**options))

    def tcp_proxy(self, port):
        """Between whoever connects to it and a port here."""
        return self.keep(TCPProxy(port))

    def certificates(self):
        return self.keep(Certificates())

    def flask(self, script="flask_application.py", *arguments):
        """One of the harness' Flask applications; its address."""
        return self.application(script, sys.executable, APPLICATIONS / script, "PORT", *arguments)

    def node(self):
        """The Node application; its address."""
        script = APPLICATIONS / "node_application.js"
        return self.application("node", shutil.which("node") or "nodejs", script, "PORT")

    def php(self):
        """The PHP page, served by PHP itself; its address."""
        return self.application("php", "php", "-S", "127.0.0.1:PORT", APPLICATIONS / "php_application.php")

    def application(self, name, *command):
        """A program that serves on the port for which PORT stands in its command; its address."""
        port = free_port()
        process = self.keep(Process(name, [str(word).replace("PORT", str(port)) for word in command]))

        def accepts():
            with RawConnection(port):
                return True

        process.wait_until(accepts)
        return f"http://127.0.0.1:{port}"

    def gateway(self, provider, upstream, settings=None, env=None):
        """A running gateway, known to the provider. `upstream` is an Upstream or an address."""
        address = upstream if isinstance(upstream, str) else upstream.url
        return self.keep(start_gateway(provider, address, settings, env))


def sign_in(gateway, provider, path="/", agent=None):
    """A browser that has signed in and stands at `path`; the last answer is in `agent.page`."""
    agent = agent or UserAgent()
    challenge = agent.get(gateway.url(path))
    assert challenge.status_code == 302, f"{challenge.status_code}: {challenge.text[:500]}"
    callback = provider.authenticate(agent, agent.location(challenge))
    answer = agent.get(callback)
    assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:1500]}"
    agent.page = agent.follow(answer)
    return agent


def sign_in_answer(gateway, provider, agent=None, path="/"):
    """The gateway's answer to the callback, whatever it is: for sign-ins that are to fail."""
    agent = agent or UserAgent()
    challenge = agent.get(gateway.url(path))
    answer = agent.get(provider.authenticate(agent, agent.location(challenge)))
    answer.agent = agent
    return answer


def assert_no_session(gateway, answer):
    """A page that refuses, and nobody signed in."""
    assert 400 <= answer.status_code < 600 and answer.status_code != 500, f"{answer.status_code}: {answer.text[:500]}"
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "no-store" in answer.headers["Cache-Control"]
    assert gateway.cookie_name not in answer.agent.cookies(gateway.origin)
    assert session_of(gateway, answer.agent) is None


def session_of(gateway, agent):
    """What the gateway says of this browser: its JSON, None when it knows nobody."""
    response = agent.fetch(gateway.own("session"))
    assert response.status_code in (200, 401), f"{response.status_code}: {response.text[:500]}"
    return response.json() if response.status_code == 200 else None
