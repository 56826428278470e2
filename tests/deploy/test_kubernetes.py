"""The Kubernetes manifests, with each of their components: what the API server and the operators would say."""

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.running_stack import DEPLOY

MANIFESTS = DEPLOY / "k8s"
KUBECTL = Path(sys.executable).parent / "kubectl"
COMPONENTS = ("several-trackers", "one-pod")
KEDA = "cloudcoil.models.keda.v1alpha1"
"""KEDA's own schemas, as models made from its resource definitions."""
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """What one way to apply the manifests makes."""

    name: str
    objects: tuple[Manifest, ...]

    def of(self, *kinds: str) -> dict[str, Manifest]:
        """Return the objects of some kinds by name."""
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] in kinds}

    def pods(self) -> dict[str, Manifest]:
        """Return the pod template of each workload."""
        return {name: item["spec"]["template"] for name, item in self.of("StatefulSet", "Deployment").items()}

    def selected(self, selector: Mapping[str, str]) -> list[Manifest]:
        """Return the pod templates with these labels."""
        return [pod for pod in self.pods().values() if selector.items() <= pod["metadata"]["labels"].items()]


def build(folder: Path, *components: str) -> Cluster:
    """Build the manifests as they are, or with components named in their kustomization."""
    shutil.copytree(MANIFESTS, folder)
    file = folder / "kustomization.yaml"
    text = file.read_text()
    assert "\ncomponents: []\n" in text
    file.write_text(text.replace("\ncomponents: []\n", f"\ncomponents: [{', '.join(components)}]\n"))
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return Cluster("+".join(components) or "base", tuple(yaml.safe_load_all(done.stdout)))


@pytest.fixture(scope="module", params=[(), *((component,) for component in COMPONENTS)], ids="+".join)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return build(tmp_path_factory.mktemp("k8s") / "k8s", *request.param)


@pytest.fixture(scope="module")
def one_pod(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return build(tmp_path_factory.mktemp("k8s") / "k8s", "one-pod")


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return build(tmp_path_factory.mktemp("k8s") / "k8s", "several-trackers")


def without_nothing(value: Any) -> Any:
    """Return a document without fields that are None."""
    if isinstance(value, dict):
        return {name: without_nothing(entry) for name, entry in value.items() if entry is not None}
    return [without_nothing(entry) for entry in value] if isinstance(value, list) else value


def check_scaled_object(item: Manifest) -> None:
    """Raise where one of KEDA's objects has a field that its schema has not, or of another type."""
    understood = importlib.import_module(KEDA).ScaledObject.model_validate(item).model_dump(mode="json", by_alias=True)
    assert without_nothing(understood) == item


def test_every_object_fits_its_schema(cluster: Cluster) -> None:
    for item in cluster.objects:
        if item["kind"] == "ScaledObject":
            check_scaled_object(item)
        elif item["kind"] != "PodMonitor":  # the Prometheus operator's; what it selects is checked below
            kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)


def test_a_field_that_the_operator_does_not_know_is_found() -> None:
    item = yaml.safe_load((MANIFESTS / "triton-autoscaler.yaml").read_text())
    item["spec"]["maxReplicas"] = 4
    with pytest.raises(AssertionError):
        check_scaled_object(item)


def test_every_file_is_named_in_its_kustomization() -> None:
    for file in MANIFESTS.rglob("kustomization.yaml"):
        content = yaml.safe_load(file.read_text())
        named = {*content.get("resources", ()), *(patch["path"] for patch in content.get("patches", ()))}
        assert named == {path.name for path in file.parent.glob("*.yaml")} - {file.name}


def test_everything_that_selects_pods_finds_some(cluster: Cluster) -> None:
    for item in cluster.of("PodDisruptionBudget", "PodMonitor").values():
        assert len(cluster.selected(item["spec"]["selector"]["matchLabels"])) == 1, item["metadata"]
    for item in cluster.of("Service").values():
        assert len(cluster.selected(item["spec"]["selector"])) == 1, item["metadata"]
    for item in cluster.of("NetworkPolicy").values():
        assert cluster.selected(item["spec"]["podSelector"].get("matchLabels", {})), item["metadata"]
    for item in cluster.of("ScaledObject").values():
        target = item["spec"]["scaleTargetRef"]
        assert target["name"] in cluster.of(target["kind"])


def ports(pod: Manifest) -> dict[str, int]:
    found = [port for container in pod["spec"]["containers"] for port in container["ports"]]
    assert len({port["name"] for port in found}) == len({port["containerPort"] for port in found}) == len(found)
    return {port["name"]: port["containerPort"] for port in found}


def test_every_port_that_is_named_exists_and_no_pod_has_one_twice(cluster: Cluster) -> None:
    for pod in cluster.pods().values():
        for container in pod["spec"]["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[probe]["httpGet"]["port"] in ports(pod)
    for monitor in cluster.of("PodMonitor").values():
        (pod,) = cluster.selected(monitor["spec"]["selector"]["matchLabels"])
        assert {end["port"] for end in monitor["spec"]["podMetricsEndpoints"]} <= set(ports(pod))
    for policy in cluster.of("NetworkPolicy").values():
        named = [port["port"] for rule in policy["spec"].get("ingress", ()) for port in rule["ports"]]
        for pod in cluster.selected(policy["spec"]["podSelector"].get("matchLabels", {})):
            assert set(named) <= set(ports(pod))


def test_every_mount_has_its_volume_and_every_claim_exists(cluster: Cluster) -> None:
    for name, workload in cluster.of("StatefulSet").items():
        spec = workload["spec"]
        volumes = {volume["name"]: volume for volume in spec["template"]["spec"]["volumes"]}
        templates = {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates") or ()}
        mounts = {m["name"] for c in spec["template"]["spec"]["containers"] for m in c["volumeMounts"]}
        assert mounts == set(volumes) | templates, name
        claims = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in volumes.values()
            if "persistentVolumeClaim" in volume
        }
        assert claims <= set(cluster.of("PersistentVolumeClaim"))


def test_a_gpu_is_asked_for_where_triton_runs_and_nowhere_else(cluster: Cluster) -> None:
    for pod in cluster.pods().values():
        with_gpu = [c["name"] for c in pod["spec"]["containers"] if "nvidia.com/gpu" in c["resources"]["limits"]]
        assert with_gpu == [c["name"] for c in pod["spec"]["containers"] if c["name"] == "triton"]
        assert pod["spec"].get("runtimeClassName") == ("nvidia" if with_gpu else None)
        tolerated = [item["key"] for item in pod["spec"].get("tolerations", ())]
        assert tolerated == (["nvidia.com/gpu"] if with_gpu else [])


def triton(cluster: Cluster) -> Manifest:
    """Return Triton's container."""
    containers = [c for pod in cluster.pods().values() for c in pod["spec"]["containers"] if c["name"] == "triton"]
    assert len(containers) == 1
    container: Manifest = containers[0]
    return container


def test_engines_survive_the_pod_and_are_kept_where_the_configs_write_them(cluster: Cluster) -> None:
    written = {
        path
        for config in (DEPLOY.parent / "model_repository").glob("*/configs/*.pbtxt")
        for path in re.findall(r'cache_path" value: "([^"]+)"', config.read_text())
    }
    assert written
    workload = next(
        item["spec"]
        for item in cluster.of("StatefulSet").values()
        if any(c["name"] == "triton" for c in item["spec"]["template"]["spec"]["containers"])
    )
    templates = {claim["metadata"]["name"] for claim in workload["volumeClaimTemplates"]}
    lasting = [mount["mountPath"] for mount in triton(cluster)["volumeMounts"] if mount["name"] in templates]
    assert all(any(Path(path).is_relative_to(mount) for mount in lasting) for path in written)


def test_triton_writes_nothing_outside_its_volumes(cluster: Cluster) -> None:
    container = triton(cluster)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert {"/tmp", "/dev/shm"} <= set(mounts)  # noqa: S108 (paths inside the container)
    variables = {entry["name"]: entry.get("value", "") for entry in container["env"]}
    for name in ("HOME", "CUDA_CACHE_PATH"):
        assert any(Path(variables[name]).is_relative_to(mount) for mount in mounts)


def test_the_variant_of_the_configs_is_a_setting(cluster: Cluster) -> None:
    container = triton(cluster)
    assert "--model-config-name=$(TRITON_CONFIG)" in container["args"]
    (reference,) = (entry["valueFrom"]["configMapKeyRef"] for entry in container["env"] if "valueFrom" in entry)
    assert reference["key"] in cluster.of("ConfigMap")[reference["name"]]["data"]


def test_the_first_start_may_take_as_long_as_building_all_engines(cluster: Cluster) -> None:
    probe = triton(cluster)["startupProbe"]
    compose = (DEPLOY / "compose.yaml").read_text()
    in_compose = int(re.findall(r"TRITON_START_PERIOD:-(\d+)s", compose)[0])
    assert probe["periodSeconds"] * probe["failureThreshold"] >= in_compose


def test_triton_in_one_pod_is_the_triton_of_the_base_but_for_ports_and_memory(one_pod: Cluster, tmp_path: Path) -> None:
    alone, beside = triton(build(tmp_path / "k8s")), triton(one_pod)
    renamed = {"shared-memory": "tensors", "temporary": "triton-temporary"}
    mounts = [{**mount, "name": renamed.get(mount["name"], mount["name"])} for mount in alone["volumeMounts"]]
    assert mounts == beside["volumeMounts"]
    for name in ("image", "command", "env", "resources", "securityContext"):
        assert alone[name] == beside[name], name
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = {**alone[name]["httpGet"], "port": "triton-http"}
        assert {**alone[name], "httpGet": asked} == beside[name]
    without_ports = [argument for argument in alone["args"] if "connection-age" not in argument]
    assert [a for a in beside["args"] if not re.match(r"--(http-port|grpc-address)=", a)] == without_ports


def test_tensors_of_one_pod_go_through_memory_that_both_containers_see(one_pod: Cluster) -> None:
    settings = one_pod.of("ConfigMap")["tracker-settings"]["data"]
    assert settings["PHALP_TRITON_INFERENCE__SHARED_MEMORY"] == "true"
    assert settings["PHALP_TRITON_INFERENCE__TRITON_URL"].startswith("localhost:")
    (pod,) = one_pod.pods().values()
    seen = {c["name"]: {m["mountPath"]: m["name"] for m in c["volumeMounts"]} for c in pod["spec"]["containers"]}
    assert seen["tracker"]["/dev/shm"] == seen["triton"]["/dev/shm"] == "tensors"  # noqa: S108
    assert {v["name"]: v for v in pod["spec"]["volumes"]}["tensors"]["emptyDir"]["medium"] == "Memory"
    assert pod["spec"]["securityContext"]["runAsUser"] == 1000


def test_several_trackers_reach_one_database_and_share_one_folder(several: Cluster) -> None:
    tracker = several.of("StatefulSet")["tracker"]["spec"]
    assert "volumeClaimTemplates" not in tracker
    assert several.of("PersistentVolumeClaim")["state"]["spec"]["accessModes"] == ["ReadWriteMany"]
    (container,) = tracker["template"]["spec"]["containers"]
    assert "PHALP_TRITON_JOBS__DATABASE_URL" in {entry["name"] for entry in container["env"]}
    labels = tracker["template"]["metadata"]["labels"]
    open_ports = [
        port["port"]
        for policy in several.of("NetworkPolicy").values()
        if policy["spec"]["podSelector"].get("matchLabels", {"no": "labels"}).items() <= labels.items()
        for rule in policy["spec"].get("egress", ())
        for port in rule["ports"]
    ]
    assert 5432 in open_ports
