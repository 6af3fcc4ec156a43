"""What is in deploy/: each manifest is valid, the configuration in it is read by the real program, and it keeps what it
promises about privileges and about who reaches what."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import redis
import yaml

from harness import gateway as program
from harness.chart import render
from harness.ports import free_port
from harness.process import Process
from harness.raw_http import exchange, request
from harness.stage import sign_in
from harness.toml import toml_text

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
CHART = KUBERNETES / "chart"
MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")
# The oldest that has what we use, and the newest that the validator knows.
VERSIONS = ["1.30.0", kubernetes_validate.latest_version()]

VALUES = {
    "publicURL": "https://app.example.com",
    "provider": {"issuer": "https://t.logto.app/oidc", "clientID": "app-id"},
    "secretName": "gatehouse",
    "ingress": {"host": "app.example.com", "tlsSecretName": "app-tls"},
}


def merged(base, changes):
    result = copy.deepcopy(base)
    for key, value in changes.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def rendered(changes=None):
    """Every document of the chart."""
    values = merged(yaml.safe_load((CHART / "values.yaml").read_text()), merged(VALUES, changes or {}))
    jsonschema.validate(values, schema())
    texts = [render(path.read_text(), values, "application") for path in sorted(CHART.glob("templates/*.yaml"))]
    return [document for text in texts for document in documents(text)]


def schema():
    return json.loads((CHART / "values.schema.json").read_text())


def check(text, tmp_path, *secret_directories, env=None):
    """`gatehouse check` of a configuration whose secrets are where the manifest puts them."""
    secrets = tmp_path / "secrets"
    secrets.mkdir(exist_ok=True)
    key = program.run("key").stdout.strip()
    for name, content in [("client-secret", "s3cret"), ("session-keys", key), ("redis-password", "p4ssword")]:
        for spelling in (name, name.replace("-", "_")):
            (secrets / spelling).write_text(content + "\n")
    for directory in secret_directories:
        text = text.replace(directory, str(secrets))
    file = tmp_path / "gatehouse.toml"
    file.write_text(text)
    environment = {name: value.replace("%d", str(secrets)) for name, value in (env or {}).items()}
    result = program.run("check", "--config", str(file), env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in result.stderr, result.stderr


# Kubernetes

ALL = [
    pytest.param(document, id=f"{path.name}-{document['kind']}")
    for path in MANIFESTS
    for document in documents(path.read_text())
    # Traefik's own resources, which Kubernetes' schemas do not know.
    if not document["apiVersion"].startswith("traefik.io/")
] + [pytest.param(document, id=f"chart-{document['kind']}") for document in rendered()]


@pytest.mark.parametrize("document", ALL)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_what_kubernetes_takes(document, version):
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("source", ["plain", "chart"])
def test_the_configuration_in_the_config_map_is_good(tmp_path, source):
    found = documents((KUBERNETES / "configmap.yaml").read_text()) if source == "plain" else rendered()
    text = next(document for document in found if document["kind"] == "ConfigMap")["data"]["gatehouse.toml"]
    check(text, tmp_path, "/run/secrets/gatehouse")


def pods():
    for document in [parameter.values[0] for parameter in ALL]:
        if document["kind"] in ("Deployment", "StatefulSet"):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


@pytest.mark.parametrize("name, pod", pods())
def test_every_pod_is_without_privileges(name, pod):
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"] and "cpu" in container["resources"]["requests"]
        for mount in container.get("volumeMounts", []):
            assert mount.get("readOnly") or mount["mountPath"] == "/data"
    volumes = [volume for volume in pod.get("volumes", []) if "hostPath" in volume]
    assert not volumes


def test_nothing_is_mounted_below_something_read_only():
    """A directory for it could not be made there."""
    for _, pod in pods():
        for container in pod["containers"]:
            paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            assert not [(a, b) for a in paths for b in paths if a != b and b.startswith(a + "/")]


@pytest.mark.parametrize("source", ["plain", "chart"])
def test_nobody_reaches_the_application_around_us(source):
    found = [d for path in MANIFESTS for d in documents(path.read_text())] if source == "plain" else rendered()
    deployment = next(d for d in found if d["kind"] == "Deployment")
    gateway, application = deployment["spec"]["template"]["spec"]["containers"]
    assert [port["containerPort"] for port in gateway["ports"]] == [8080, 9090]
    assert "ports" not in application
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for service in [d for d in found if d["kind"] == "Service"]:
        if service["spec"]["selector"].items() <= labels.items():
            assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    policies = [d for d in found if d["kind"] == "NetworkPolicy"]
    own = [d for d in policies if d["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
    assert len(own) == 1
    assert "Ingress" in own[0]["spec"]["policyTypes"]
    for rule in own[0]["spec"]["ingress"]:
        assert rule["from"], "an empty list is everybody"
        assert [port["port"] for port in rule["ports"]] in ([8080], [9090])


@pytest.mark.parametrize("source", ["plain", "chart"])
def test_draining_fits_into_the_grace_period(source):
    found = [d for path in MANIFESTS for d in documents(path.read_text())] if source == "plain" else rendered()
    pod = next(d for d in found if d["kind"] == "Deployment")["spec"]["template"]["spec"]
    text = next(d for d in found if d["kind"] == "ConfigMap")["data"]["gatehouse.toml"]
    drain = int(re.search(r'drain_timeout = "(\d+)s"', text)[1])
    gateway, application = pod["containers"]
    before = gateway["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert before + drain < pod["terminationGracePeriodSeconds"]
    # Both hooks begin at once: the application is there until the gateway is done.
    assert application["lifecycle"]["preStop"]["sleep"]["seconds"] >= before + drain


def test_probes_ask_the_admin_port_what_it_answers(stage):
    gateway = stage.gateway(stage.stand_in(), stage.upstream())
    for name, pod in pods():
        for container in pod["containers"]:
            for probe in [container[key] for key in container if key.endswith("Probe") and "httpGet" in container[key]]:
                assert probe["httpGet"]["port"] == "admin"
                assert gateway.admin(probe["httpGet"]["path"]).ok


def test_the_kustomization_names_files_that_are_there():
    resources = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert all((KUBERNETES / name).exists() for name in resources)
    assert "secret.yaml" not in resources, "an example must not become anybody's secret"


# The chart


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize(
    "changes",
    [
        {"publicURL": ""},
        {"publicURL": "http://app.example.com"},
        {"publicURL": "https://app.example.com/"},
        {"provider": {"issuer": ""}},
        {"provider": {"clientID": ""}},
        {"provider": {"clientSecret": "x"}},
        {"secretName": ""},
        {"secretname": "x"},
        {"application": {"port": 8080}},
        {"application": {"port": "3000"}},
        {"ingress": {"host": ""}},
        {"autoscaling": {"maxReplicas": 0}},
        {"networkPolicy": {"enabled": "no"}},
        {"networkPolicy": {"ingressNamespace": "A b"}},
        {"redis": {"url": "localhost:6379"}},
        {"redis": {"url": "redis://:password@redis"}},
    ],
)
def test_values_that_make_no_sense_are_refused(changes):
    with pytest.raises(jsonschema.ValidationError):
        rendered(changes)


def test_the_values_reach_their_places(tmp_path):
    found = rendered(
        {
            "application": {"image": "shop:7", "port": 4000, "args": [], "drainSeconds": 31},
            "extraConfiguration": '[[route]]\npath = "/open"\nupstream = "http://127.0.0.1:4000"\naccess = "anyone"\n',
            "ingress": {"enabled": False},
            "networkPolicy": {"enabled": False},
        }
    )
    assert {d["kind"] for d in found} == {"ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler"}
    text = next(d for d in found if d["kind"] == "ConfigMap")["data"]["gatehouse.toml"]
    assert 'upstream = "http://127.0.0.1:4000"' in text and 'path = "/open"' in text
    check(text, tmp_path, "/run/secrets/gatehouse")
    application = next(d for d in found if d["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][1]
    assert application["image"] == "shop:7"
    assert application["lifecycle"]["preStop"]["sleep"]["seconds"] == 31


def test_the_chart_and_the_plain_files_make_the_same_pod():
    plain = next(d for d in documents((KUBERNETES / "deployment.yaml").read_text()))
    chart = next(d for d in rendered() if d["kind"] == "Deployment")
    chart["spec"]["template"]["metadata"].pop("annotations")
    chart["metadata"], plain["metadata"] = None, None
    volumes = chart["spec"]["template"]["spec"]["volumes"]
    volumes[0]["configMap"]["name"] = "gatehouse"
    assert chart == plain


def test_other_values_start_other_pods():
    def mark(changes):
        deployment = next(d for d in rendered(changes) if d["kind"] == "Deployment")
        return deployment["spec"]["template"]["metadata"]["annotations"]["gatehouse/values"]

    assert mark({}) != mark({"publicURL": "https://b.example.com"})


# Compose


COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text())


def test_the_compose_file_is_one():
    tool = Path(sys.executable).with_name("check-jsonschema")
    command = [tool, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yml"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_configuration_in_the_compose_file_is_good(tmp_path):
    check(
        COMPOSE["configs"]["gatehouse"]["content"], tmp_path, "/run/secrets",
        env={"GATEHOUSE_PROVIDER_CLIENT_ID": "app-id"},
    )


def test_in_compose_nobody_reaches_the_application_around_us():
    services = COMPOSE["services"]
    assert "ports" not in services["application"] and "ports" not in services["redis"]
    assert [name for name, service in services.items() if "application" in service["networks"]] == ["gatehouse", "application"]
    assert [name for name, service in services.items() if "sessions" in service["networks"]] == ["gatehouse", "redis"]
    assert COMPOSE["networks"]["application"]["internal"] and COMPOSE["networks"]["sessions"]["internal"]
    for service in services.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), port
    for name in ("gatehouse", "application", "redis"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("source", ["compose", "kubernetes"])
def test_redis_takes_its_password_from_standard_input(stage, tmp_path, source):
    """The very command of the manifest, with its paths and port changed."""
    if source == "compose":
        command = COMPOSE["services"]["redis"]["command"]
        script = command[2].replace("$$", "$")
    else:
        server = next(d for d in documents((KUBERNETES / "redis.yaml").read_text()) if d["kind"] == "StatefulSet")
        script = server["spec"]["template"]["spec"]["containers"][0]["command"][2]
    port = free_port()
    (tmp_path / "redis_password").write_text("p4ssword")
    (tmp_path / "redis-password").write_text("p4ssword")
    (tmp_path / "data").mkdir()
    script = script.replace("/run/secrets", str(tmp_path)).replace("/secret/", f"{tmp_path}/")
    script = script.replace("/data", f"{tmp_path}/data").replace("redis-server -", f"redis-server - --port {port}")
    process = stage.keep(Process("redis", ["sh", "-ec", script]))
    process.wait_until(lambda: "Ready to accept connections" in process.output)
    command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert b"p4ssword" not in command_line
    assert redis.Redis(port=port, password="p4ssword").ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()


# The image

DOCKERFILE = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
MAKEFILE = (DEPLOY.parent / "Makefile").read_text()


def test_the_image_is_built_as_make_builds():
    built = re.search(r"^RUN (swift build .*)$", DOCKERFILE, re.MULTILINE)[1]
    assert built == re.search(r"^SWIFT_BUILD = (.*)$", MAKEFILE, re.MULTILINE)[1] + " --product gatehouse"
    packages = re.search(r"^BUILD_PACKAGES = (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    installed = re.search(r"AS build.*?--no-install-recommends ([^\n&]*)", DOCKERFILE, re.DOTALL)[1].split()
    assert sorted(installed) == sorted(packages)


def test_the_image_has_every_library_the_program_needs():
    binary = program.program(program.BINARY)
    needed = re.findall(r"NEEDED.*\[(.+?)\]", subprocess.run(["readelf", "-d", binary], capture_output=True, text=True).stdout)
    final = DOCKERFILE.split("FROM docker.io/library/debian")[1]
    installed = set(re.search(r"--no-install-recommends (.*?)\s+&&", final, re.DOTALL)[1].split()) | {"libc6", "libgcc-s1"}
    assert needed
    for library in needed:
        owner = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True).stdout
        owners = {line.split(":")[0] for line in owner.splitlines()}
        assert owners & installed, f"{library}: {owners or 'no package'}"


def test_the_image_is_nobodys():
    assert re.search(r"^USER 65532:65532$", DOCKERFILE, re.MULTILINE)
    assert 'ENTRYPOINT ["/usr/local/bin/gatehouse"]' in DOCKERFILE
    assert '["/usr/local/bin/gatehouse", "ready", "--config", "/etc/gatehouse/gatehouse.toml"]' in DOCKERFILE


def test_it_serves_as_nobody_on_a_read_only_file_system_without_privileges(stage):
    """What the image, the pods and the unit ask of it: no capability, no privilege, nothing to write to."""
    provider, upstream = stage.stand_in(), stage.upstream()
    gateway = stage.gateway(provider, upstream)
    gateway.process.stop()
    os.chmod(gateway.directory, 0o755)
    os.makedirs(gateway.directory, exist_ok=True)
    gateway.file.write_text(toml_text(gateway.settings))
    gateway.file.chmod(0o644)
    script = "mount --make-rprivate / && mount -o remount,bind,ro / && for d in /tmp /work /run /var; do " \
        "mountpoint -q $d && mount -o remount,bind,ro $d || :; done; " \
        "if touch /tmp/probe /probe; then exit 9; fi; exec \"$@\""
    # Who is not root is nobody already, and may mount in a user namespace of their own.
    is_root = os.geteuid() == 0
    nobody = ["--reuid", "65532", "--regid", "65532", "--clear-groups"] if is_root else []
    drop = ["setpriv", *nobody, "--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all", "--"]
    unshare = ["unshare", "--mount"] if is_root else ["unshare", "--map-root-user", "--mount"]
    binary = program.program(program.BINARY)
    serve = [binary, "serve", "--config", gateway.file]
    gateway.process = Process(
        "gatehouse", [*unshare, "sh", "-c", script, "sh", *drop, *serve], directory="/")
    gateway.process.wait_until(lambda: gateway.admin("/healthz").ok)
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    user = 65532 if is_root else os.geteuid()
    assert re.search(rf"^Uid:\t{user}\t{user}", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    agent = sign_in(gateway, provider)
    assert agent.page.json()["target"] == "/"
    ready = program.run("ready", "--config", str(gateway.file))
    assert ready.returncode == 0, ready.stdout + ready.stderr
    gateway.process.signal(15)
    assert gateway.process.wait() == 0
    assert program.run("ready", "--config", str(gateway.file)).returncode == 1


def test_ready_says_no_when_the_store_is_away(stage):
    server = stage.redis()
    key = program.run("key").stdout.strip()
    gateway = stage.gateway(
        stage.stand_in(), stage.upstream(),
        {"session": {"store": "redis", "keys": [key]}, "redis": {"url": server.url}},
    )
    gateway.process.wait_until(lambda: program.run("ready", "--config", str(gateway.file)).returncode == 0)
    server.stop()
    gateway.process.wait_until(lambda: program.run("ready", "--config", str(gateway.file)).returncode == 1)


# systemd

UNIT = DEPLOY / "systemd" / "gatehouse.service"


def unit_environment():
    return dict(line.removeprefix("Environment=").split("=", 1) for line in UNIT.read_text().splitlines()
                if line.startswith("Environment="))


def test_the_units_configuration_is_good(tmp_path):
    check((DEPLOY / "systemd" / "gatehouse.toml").read_text(), tmp_path, env=unit_environment())


def test_systemd_takes_the_unit_and_finds_it_as_closed_as_it_says(tmp_path):
    text = UNIT.read_text()
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/usr/local/bin/gatehouse", str(program.program(program.BINARY).resolve())))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert verified.returncode == 0 and "gatehouse" not in verified.stderr, verified.stderr
    analysed = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", unit], capture_output=True, text=True, timeout=60)
    level = float(re.search(r"Overall exposure level for gatehouse.service: ([\d.]+)", analysed.stdout)[1])
    assert level <= 1.1, "another systemd may judge otherwise, but not worse"
    assert '"Overall exposure level: 1.1 OK"' in text


def allowed_calls():
    """What the unit's filter leaves."""

    def group(name):
        shown = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, timeout=60).stdout
        calls = set()
        for line in shown.splitlines()[1:]:
            word = line.strip()
            if word.startswith("@"):
                calls |= group(word)
            elif word and not word.startswith("#"):
                calls.add(word)
        return calls

    allowed = set()
    for line in UNIT.read_text().splitlines():
        if line.startswith("SystemCallFilter=~"):
            for name in line.split("~")[1].split():
                allowed -= group(name)
        elif line.startswith("SystemCallFilter="):
            for name in line.split("=")[1].split():
                allowed |= group(name)
    # systemd adds what it takes to start anything, and to fail.
    return allowed | group("@default") | {"execve", "exit", "exit_group", "rt_sigreturn", "sigreturn"}


def test_the_program_calls_nothing_that_the_unit_forbids(stage, tmp_path):
    server = stage.redis()
    key = program.run("key").stdout.strip()
    provider, upstream = stage.stand_in(), stage.upstream()
    gateway = stage.gateway(
        provider, upstream, {"session": {"store": "redis", "keys": [key]}, "redis": {"url": server.url}})
    gateway.process.stop()
    os.makedirs(gateway.directory, exist_ok=True)
    gateway.file.write_text(toml_text(gateway.settings))
    trace = tmp_path / "trace"
    binary = program.program(program.BINARY)
    gateway.process = Process(
        "gatehouse",
        # The runtime would lower a thread's priority. The filter forbids it, as is done here, and nothing is the worse.
        ["strace", "-f", "-qq", "-o", trace, "-e", "inject=setpriority:error=EPERM", binary, "serve", "--config", gateway.file],
    )
    gateway.process.wait_until(lambda: gateway.admin("/healthz").ok, within=60)
    agent = sign_in(gateway, provider)
    assert agent.get(gateway.url("/again")).status_code == 200
    exchange(gateway.port, request("/%2e%2e", "127.0.0.1"))
    gateway.admin("/metrics")
    traced = gateway.process.pid
    children = Path(f"/proc/{traced}/task/{traced}/children").read_text().split()
    os.kill(int(children[0]), 15)
    gateway.process.wait(within=60)
    calls = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"epoll_pwait", "epoll_wait", "epoll_pwait2"} & calls, "nothing was traced"
    forbidden = calls - allowed_calls()
    assert forbidden <= {"setpriority"}, forbidden
    protected = re.findall(r"(?:mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC.*", trace.read_text())
    assert not protected, "MemoryDenyWriteExecute would end it"
    families = set(re.findall(r"socket\((AF_\w+)", trace.read_text()))
    # The resolver asks the kernel for its addresses over netlink, and goes on when it may not.
    assert families <= {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"}, families


# Guides


@pytest.mark.parametrize("guide", sorted(DEPLOY.rglob("*.md")), ids=lambda path: path.name)
def test_guides_name_files_that_are_there(guide):
    for name in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", guide.read_text()):
        if "://" not in name:
            assert (guide.parent / name).exists(), name
    for name in re.findall(r"`(deploy/[\w./-]+)`", guide.read_text()):
        assert name.startswith("deploy/secrets/") or (DEPLOY.parent / name).exists(), name


def test_the_threat_model_names_code_that_is_there():
    names = re.findall(r"`(\w+/[\w/+]*(?:\.swift)?)`", (DEPLOY / "threat-model.md").read_text())
    assert len(names) > 10
    for name in names:
        assert (DEPLOY.parent / "Sources" / name).exists(), name


def test_the_values_in_the_guide_make_a_deployment(tmp_path):
    guide = (DEPLOY / "guides" / "kubernetes.md").read_text()
    found = rendered(yaml.safe_load(re.search(r"```yaml\n(.*?)```", guide, re.DOTALL)[1]))
    for document in found:
        kubernetes_validate.validate(document, VERSIONS[0], strict=True)
    text = next(d for d in found if d["kind"] == "ConfigMap")["data"]["gatehouse.toml"]
    check(text, tmp_path, "/run/secrets/gatehouse")


def test_secrets_are_neither_committed_nor_built_into_the_image():
    assert "deploy/secrets/" in (DEPLOY.parent / ".gitignore").read_text().splitlines()
    assert "deploy" in (DEPLOY.parent / ".dockerignore").read_text().splitlines()
