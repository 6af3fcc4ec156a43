"""A primary, two replicas, and three Sentinels that replace it."""

import redis

from harness.ports import free_port
from harness.process import Process
from harness.redis_server import RedisServer
from harness.waiting import eventually

NAME = "mymaster"


class SentinelSet:
    """With `certificates`, all of them speak TLS to each other and to us. With `password`, the Sentinels ask for it; `acl`
    are further users of theirs.
    """

    def __init__(self, certificates=None, password=None, acl=()):
        quick = ["repl-diskless-sync-delay 0", "repl-ping-replica-period 1"]
        if certificates:
            quick.append("tls-replication yes")
        self.servers = [RedisServer(lines=quick, certificates=certificates)]
        first = self.servers[0].main_port
        for _ in range(2):
            lines = [*quick, f"replicaof 127.0.0.1 {first}"]
            self.servers.append(RedisServer(lines=lines, certificates=certificates))
        self.sentinels = [Sentinel(first, certificates, password, acl) for _ in range(3)]
        eventually(self._is_whole, within=60)

    def _is_whole(self):
        """Every Sentinel knows the others and both replicas, and those have their data."""
        for sentinel in self.sentinels:
            state = sentinel.client().sentinel_master(NAME)
            if state["num-slaves"] != 2 or state["num-other-sentinels"] != 2:
                return False
        states = [server.client().info("replication") for server in self.servers[1:]]
        return all(state.get("master_link_status") == "up" for state in states)

    @property
    def url(self):
        return "redis-sentinel://" + ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels) + f"/{NAME}"

    @property
    def tls_url(self):
        hosts = ",".join(f"127.0.0.1:{each.tls_port}" for each in self.sentinels)
        return f"rediss-sentinel://{hosts}/{NAME}"

    def primary(self):
        """The server that most Sentinels take for the primary."""
        ports = []
        for sentinel in self.sentinels:
            try:
                ports.append(sentinel.client().sentinel_get_master_addr_by_name(NAME)[1])
            except redis.RedisError:
                continue
        port = max(set(ports), key=ports.count)
        return next(server for server in self.servers if server.main_port == port)

    def fail_over(self):
        """As an operator does it: with the primary alive."""
        self.sentinels[0].client().execute_command("SENTINEL", "FAILOVER", NAME)

    def wait_for_another_than(self, server, within=60):
        """The new primary, once it takes writes."""

        def found():
            primary = self.primary()
            if primary is server or primary.client().role()[0] not in (b"master", "master"):
                return None
            return primary

        return eventually(found, within=within)

    def stop(self):
        for each in self.sentinels + self.servers:
            each.stop()


class Sentinel:
    def __init__(self, primary_port, certificates, password, acl):
        self.password = password
        self.port = free_port()
        self.tls_port = free_port()
        process = Process("redis-sentinel", ["true"])
        process.wait()
        self.directory = process.directory
        lines = "".join(f"user {rule}\n" for rule in acl)
        if password:
            lines += f"requirepass {password}\nsentinel sentinel-pass {password}\n"
        if certificates:
            ours = certificates.issue("127.0.0.1")
            lines += (
                f"tls-port {self.tls_port}\ntls-replication yes\ntls-auth-clients no\n"
                f"tls-cert-file {ours.certificate_file}\ntls-key-file {ours.key_file}\n"
                f"tls-ca-cert-file {certificates.authority_file}\n"
            )
        file = self.directory / "sentinel.conf"
        file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.directory}\n{lines}"
            f"sentinel monitor {NAME} 127.0.0.1 {primary_port} 2\n"
            f"sentinel down-after-milliseconds {NAME} 1000\n"
            f"sentinel failover-timeout {NAME} 5000\n"
        )
        self.unused = process
        self.process = Process("redis-sentinel", ["redis-sentinel", file], directory=self.directory)
        self.process.wait_until(self._answers)

    def _answers(self):
        try:
            return self.client().ping()
        except redis.RedisError:
            return False

    def client(self):
        return redis.Redis(port=self.port, password=self.password, socket_timeout=2, decode_responses=True)

    def stop(self):
        self.process.stop()
        self.unused.stop()
