"""Kubernetes' own controllers of workloads: its kube-controller-manager, for the kinds that tests roll out.

    with Controllers(server), Node(server, [namespace]) as node: ...

Together with the Node beside this file that is a cluster as far as a rollout can see one: Deployments, StatefulSets,
DaemonSets, CronJobs and their pods, revisions and events come about as they do anywhere.
"""

import contextlib
import pathlib
import subprocess
import tempfile

from support.kube.server import KubeServer, free_port, programs

KINDS = ("deployment", "replicaset", "statefulset", "daemonset", "cronjob", "job", "garbagecollector")


class Controllers:
    def __init__(self, server: KubeServer):
        self.server = server

    def __enter__(self) -> "Controllers":
        self._stack = contextlib.ExitStack()
        directory = pathlib.Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="controllers-")))
        config = directory / "kubeconfig"
        config.write_text(self.server.kubeconfig(token=self.server.admin_token))
        log = self._stack.enter_context((directory / "log").open("ab"))
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", programs() / "kube-controller-manager", f"--kubeconfig={config}", "--leader-elect=false",
             f"--controllers={','.join(KINDS)}", f"--secure-port={free_port()}", "--bind-address=127.0.0.1",
             f"--cert-dir={directory}", "--kube-api-qps=200", "--kube-api-burst=400", "--profiling=false",
             "--authentication-skip-lookup=true"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()
        self._stack.close()
