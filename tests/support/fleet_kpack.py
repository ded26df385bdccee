"""A fleet that kpack builds, for the tests: a stack whose run images lie in a docker-registry, Images on it in the namespace
of a test, and puts by the rights that the docs name.

    fleet = FleetKpack(programs, kube_server, kpack, namespace, registry, tmp_path)
    fleet.image("shop")                  # on the stack, built
    fleet.put(run_image=fleet.run("2"))  # a Put that runs
"""

import json
import pathlib
import shutil

import yaml

from support.fleet import Storage, base_layers
from support.kpack_world import Put
from support.kube.server import PROJECT
from support.program import run_program

ROLE = PROJECT / "docs/fleet-kpack-rbac.yaml"
KINDS = {"ServiceAccount": "serviceaccounts", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings",
         "RoleBinding": "rolebindings"}
STACK_ID = "io.buildpacks.stacks.jammy"


def apply_fleet_role(server, namespace: str) -> str:
    """Makes what docs/fleet-kpack-rbac.yaml has, for this namespace instead of "apps"; the service account's token."""
    text = ROLE.read_text().replace("namespace: apps\n", f"namespace: {namespace}\n")
    # Names of the cluster's scope are shared by the tests.
    text = text.replace("build-service-fleet", f"fleet-{namespace}")
    for document in yaml.safe_load_all(text):
        server.admin.create(KINDS[document["kind"]], document, document["metadata"].get("namespace"))
    return server.token(namespace, f"fleet-{namespace}")


class FleetKpack:
    def __init__(self, programs, server, kpack, namespace: str, registry, directory: pathlib.Path):
        self.programs, self.server, self.kpack, self.namespace, self.registry = programs, server, kpack, namespace, registry
        self.directory, self.admin = directory, server.admin
        self.inputs = directory / "inputs"
        self.inputs.mkdir()
        self.storage = Storage(registry.data, registry.host)
        self.runs = {version: self.run_image(version) for version in ("1", "2")}
        self.token = apply_fleet_role(server, namespace)
        kpack.builder(buildpacks={"acme/java": "1.0.0"}, run_image=self.run("1"))
        self.source = {"fleet": {"record": f"{registry.host}/{namespace}/fleet:main", "cluster_stack": namespace,
                                 "namespaces": [namespace]},
                       "kubeconfig": server.kubeconfig(token=self.token), **registry.source}

    def run_image(self, version: str, stack: str = STACK_ID, repository: str = "run", **labels) -> str:
        """Its digest; openssl is of this version."""
        return self.storage.image(repository, f"{stack.rpartition('.')[2]}-{version}", base_layers(version),
                                  {"io.buildpacks.stack.id": stack, **labels})

    def run(self, version: str) -> str:
        return f"{self.registry.host}/run@{self.runs[version]}"

    def image(self, name: str, **spec) -> None:
        """An Image, and its first Build when that has ended."""
        source = {"blob": {"url": f"https://blobs.example/{name}.tgz"}}
        builder = spec.pop("builder", {"kind": "ClusterBuilder", "name": self.namespace})
        self.kpack.make("images", name, {"tag": f"{self.registry.host}/apps/{name}", "builder": builder,
                                         "serviceAccountName": "default", "source": source, **spec}, self.namespace)
        self.kpack.wait_build(self.namespace, name, 1)
        self.admin.wait("images", name, lambda it: (it.get("status") or {}).get("latestImage"), self.namespace)

    def stack(self) -> dict:
        return self.admin.get("clusterstacks", self.namespace)

    def put(self, source: dict | None = None, **params) -> Put:
        return Put(self.programs, {"source": source or self.source, "params": params}, self.inputs)

    def check(self) -> list[dict]:
        # No cluster is needed.
        source = {name: value for name, value in self.source.items() if name != "kubeconfig"}
        return run_program(self.programs, "check", {"source": source}).answer

    def get(self, version: dict, name: str = "get") -> pathlib.Path:
        directory = self.inputs / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        source = {name: value for name, value in self.source.items() if name != "kubeconfig"}
        result = run_program(self.programs, "in", {"source": source, "version": version}, directory)
        assert result.status == 0, result.stderr
        return directory

    def states(self, version: dict) -> dict[str, str]:
        return {image["resource"].partition("/")[2]: image["state"]
                for image in json.loads((self.get(version, "states") / "images.json").read_text())}

    def builds(self, name: str) -> int:
        return len(self.admin.list("builds", self.namespace, f"image.kpack.io/image={name}"))
