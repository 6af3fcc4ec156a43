"""Six nodes: three primaries with a replica each."""

import subprocess

import redis

from harness.ports import free_port
from harness.redis_server import RedisServer
from harness.waiting import eventually


class RedisCluster:
    """With `certificates`, all of them speak TLS to each other and to us."""

    def __init__(self, certificates=None):
        # On a busy machine a node may be late by a second, and nobody is to be replaced for that.
        lines = ["cluster-enabled yes", "cluster-node-timeout 4000", "repl-diskless-sync-delay 0"]
        self._tls = ["--tls", "--cacert", str(certificates.authority_file)] if certificates else []
        if certificates:
            lines += ["tls-cluster yes", "tls-replication yes"]
        # By itself the bus would listen 10,000 ports higher, and there may be no such port.
        self.nodes = [
            RedisServer(lines=[*lines, f"cluster-port {free_port()}"], certificates=certificates) for _ in range(6)
        ]
        addresses = [f"127.0.0.1:{node.main_port}" for node in self.nodes]
        self._manage("create", *addresses, "--cluster-replicas", "1", "--cluster-yes")
        eventually(self.is_whole, within=60)

    def is_whole(self):
        """Every node that runs sees every slot served."""
        for node in self.nodes:
            if node.process.exit_code is None and node.client().execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                return False
        return True

    @property
    def url(self):
        return "redis-cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:3])

    @property
    def tls_url(self):
        return "rediss-cluster://" + ",".join(f"127.0.0.1:{node.tls_port}" for node in self.nodes[:3])

    def primaries(self):
        found = []
        for node in self.nodes:
            try:
                if node.client().role()[0] in (b"master", "master"):
                    found.append(node)
            except redis.RedisError:
                continue
        return found

    def reshard(self, origin, target, slots):
        """Moves slots with all that is in them from one primary to another."""
        identify = [node.client().execute_command("CLUSTER MYID").decode() for node in (origin, target)]
        words = ["--cluster-from", identify[0], "--cluster-to", identify[1], "--cluster-slots", str(slots)]
        # They gossip: for a moment after a change they do not agree, and the tool refuses to make another.
        eventually(lambda: self._manage("check", f"127.0.0.1:{origin.main_port}") or True, within=60)
        self._manage("reshard", f"127.0.0.1:{origin.main_port}", *words, "--cluster-yes")

    def _manage(self, what, *words):
        command = ["redis-cli", *self._tls, "--cluster", what, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def key_count(self):
        return sum(node.client().dbsize() for node in self.primaries())

    def stop(self):
        for node in self.nodes:
            node.stop()
