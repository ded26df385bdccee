"""A real Kubernetes API on loopback: etcd and kube-apiserver, with RBAC, kpack's CRDs and nothing else; always stopped.

    with KubeServer(tmp_path / "kube") as server:
        server.address, server.url, server.ca      # "127.0.0.1:41234", "https://...", the file of its CA
        server.admin                               # a Client that may do everything
        namespace = server.namespace()             # a new one, with its default service account
        token = server.service_account(namespace, "ci", rules=[...])     # bound by a Role of exactly these rules
        server.client(token=token)
        server.kubeconfig(token=token, namespace=namespace)              # YAML; or certificate=server.certificate("ann", "devs")
"""

import concurrent.futures
import contextlib
import functools
import itertools
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import time
import urllib.request

import yaml

from support.certificates import Authority, openssl
from support.kube import kubeconfig
from support.kube.client import ApiError, Client
from support.registry_server import free_port

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
READY_SECONDS = 60


@functools.cache
def programs() -> pathlib.Path:
    """The folder that has kube-apiserver, kube-controller-manager and kubectl, which scripts/setup --test has built."""
    done = subprocess.run([PROJECT / "scripts/kubernetes"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


class KubeServer:
    def __init__(self, directory: pathlib.Path):
        self.directory = pathlib.Path(directory)
        self.admin_token = secrets.token_hex(16)
        self._namespaces = itertools.count(1)
        self._etcd: subprocess.Popen | None = None
        self._server: subprocess.Popen | None = None
        self._spawner = concurrent.futures.ThreadPoolExecutor(1)

    def __enter__(self) -> "KubeServer":
        self.directory.mkdir(parents=True)
        self._write_credentials()
        try:
            self._start_etcd()
            self._start_server()
            self._apply_crds()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        # Nothing of it is kept, so neither needs to end in order: an apiserver would wait for its watches.
        for process in (self._server, self._etcd):
            if process:
                process.kill()
                process.wait()
        self._spawner.shutdown()
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)

    @property
    def url(self) -> str:
        return f"https://{self.address}"

    def client(self, token: str = "", certificate: tuple | None = None) -> Client:
        return Client(self.address, self.ca, token, certificate)

    def certificate(self, user: str, *groups: str) -> tuple[pathlib.Path, pathlib.Path]:
        """A client certificate and its key, for the user of that name."""
        return self.client_authority.client(user, *groups)

    def kubeconfig(self, *, token: str = "", certificate: tuple | None = None, user: dict | None = None,
                   address: str = "", ca: pathlib.Path | None = None, namespace: str = "", **cluster) -> str:
        """The YAML for one way to sign in; address and ca: of a proxy that stands before. See kubeconfig.py for more. The
        server's certificate is for 127.0.0.1, localhost and kubernetes.default.svc."""
        if user is None:
            user = kubeconfig.certificate_user(*certificate) if certificate else kubeconfig.token_user(token)
        return kubeconfig.as_yaml(
            kubeconfig.kubeconfig(address or self.address, ca or self.ca, user, namespace=namespace, **cluster))

    def namespace(self, name: str | None = None) -> str:
        name = name or f"test-{os.getpid()}-{next(self._namespaces)}"
        self.admin.create("namespaces", {"metadata": {"name": name}})
        # A controller-manager would make it; without it no pod may be made.
        self.admin.create("serviceaccounts", {"metadata": {"name": "default"}}, name)
        return name

    def quota(self, namespace: str, name: str = "quota", used: dict | None = None, **hard: str) -> None:
        """A ResourceQuota, quota(ns, pods="0"), with the status that a controller-manager would give it. Once `used` is
        `hard` (it is nothing when not given) the apiserver refuses what comes on top; delete it to go on."""
        used = used or {resource: "0" for resource in hard}
        self.admin.create("resourcequotas", {"metadata": {"name": name}, "spec": {"hard": hard}}, namespace)
        self.admin.patch("resourcequotas", name, {"status": {"hard": hard, "used": used}}, namespace, status=True)

    def service_account(self, namespace: str, name: str, rules: list | None = None, namespaces: tuple = (),
                        cluster_rules: list | None = None, seconds: int = 3600) -> str:
        """Makes it, gives it what `rules` (of a Role) grant in its namespace and `namespaces`, and returns a token."""
        self.admin.create("serviceaccounts", {"metadata": {"name": name}}, namespace)
        subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        api = "rbac.authorization.k8s.io"
        for where in (namespace, *namespaces) if rules is not None else ():
            role = f"{namespace}-{name}"
            self.admin.create("roles", {"metadata": {"name": role}, "rules": rules}, where)
            self.admin.create("rolebindings", {
                "metadata": {"name": role}, "subjects": [subject],
                "roleRef": {"apiGroup": api, "kind": "Role", "name": role}}, where)
        if cluster_rules is not None:
            role = f"{namespace}-{name}"
            self.admin.create("clusterroles", {"metadata": {"name": role}, "rules": cluster_rules})
            self.admin.create("clusterrolebindings", {
                "metadata": {"name": role}, "subjects": [subject],
                "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role}})
        return self.token(namespace, name, seconds)

    def token(self, namespace: str, name: str, seconds: int = 3600) -> str:
        """A token by the TokenRequest API; at least 600 seconds."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
        return self.admin.call("POST", path, request)["status"]["token"]

    def restart(self) -> None:
        """The apiserver ends at once, as by a crash, and starts again on its port."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()

    def start(self) -> None:
        self._start_server(self._port)
        self._wait_served()

    def forget_history(self) -> None:
        """Every resourceVersion so far is too old to watch from: etcd is compacted and the apiserver's memory is new."""
        # Any written object tells the newest revision of etcd, which a compaction must not pass.
        newest = self.admin.patch("namespaces", "default", {"metadata": {"annotations": {"now": str(time.time_ns())}}})
        self.stop()
        self._etcd_call("compaction", {"revision": newest["metadata"]["resourceVersion"], "physical": True})
        self.start()

    def log(self) -> str:
        return (self.directory / "kube-apiserver.log").read_text(errors="replace")

    def _write_credentials(self) -> None:
        authorities = [self.directory / name for name in ("serving", "clients", "kubelets", "kubelet-clients")]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            account_key = pool.submit(openssl, "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out",
                                      self.directory / "accounts.key")
            made = list(pool.map(Authority, authorities))
            self.serving_authority, self.client_authority, self.kubelet_authority, self.kubelet_client_authority = made
            issued = (pool.submit(self.serving_authority.issue, "kubernetes.default.svc"),
                      pool.submit(self.kubelet_client_authority.client, "apiserver"))
            (self._certificate, self._key), self._kubelet_client = (task.result() for task in issued)
            account_key.result()
        self.ca = self.serving_authority.certificate
        (self.directory / "tokens.csv").write_text(f'{self.admin_token},admin,1,"system:masters"\n')

    def _start_etcd(self) -> None:
        for _ in range(5):  # a port may be taken between finding and using it
            self._etcd_port, peers = free_port(), f"http://127.0.0.1:{free_port()}"
            shutil.rmtree(self.directory / "etcd", ignore_errors=True)
            self._etcd = self._spawn("etcd", [
                "etcd", "--name=tests", f"--data-dir={self.directory / 'etcd'}", "--log-level=warn",
                f"--listen-client-urls=http://127.0.0.1:{self._etcd_port}",
                f"--advertise-client-urls=http://127.0.0.1:{self._etcd_port}", f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=tests={peers}"])
            if self._wait(self._etcd, self._etcd_healthy):
                return
        raise AssertionError(f"etcd does not start: {(self.directory / 'etcd.log').read_text()[-2000:]}")

    def _start_server(self, port: int | None = None) -> None:
        for _ in range(5):
            self._port = port or free_port()
            self.address = f"127.0.0.1:{self._port}"
            self.admin = self.client(token=self.admin_token)
            self._server = self._spawn("kube-apiserver", [str(programs() / "kube-apiserver"), *self._flags()])
            if self._wait(self._server, self._server_ready):
                return
        raise AssertionError(f"kube-apiserver does not start: {self.log()[-3000:]}")

    def _flags(self) -> list[str]:
        kubelet_certificate, kubelet_key = self._kubelet_client
        accounts = self.directory / "accounts.key"
        return [
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}", "--bind-address=127.0.0.1", f"--secure-port={self._port}",
            f"--cert-dir={self.directory}", f"--tls-cert-file={self._certificate}", f"--tls-private-key-file={self._key}",
            f"--token-auth-file={self.directory / 'tokens.csv'}", f"--client-ca-file={self.client_authority.certificate}",
            "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={accounts}", f"--service-account-signing-key-file={accounts}",
            # Where loopback is all there is, it finds no address to tell others, so it is given one of documentation's.
            "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/24",
            f"--kubelet-certificate-authority={self.kubelet_authority.certificate}",
            f"--kubelet-client-certificate={kubelet_certificate}", f"--kubelet-client-key={kubelet_key}",
            # Else it looks the node's name up.
            "--kubelet-preferred-address-types=InternalIP",
            "--enable-priority-and-fairness=false", "--profiling=false",
        ]

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen:
        # They end with the thread that started them, so also when the tests are killed; hence a thread that stays.
        command = ["setpriv", "--pdeathsig", "KILL", *command]
        with (self.directory / f"{name}.log").open("ab") as log:
            # A session of their own: an interrupt from the terminal is for the tests, which stop them in their turn.
            return self._spawner.submit(subprocess.Popen, command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log, start_new_session=True).result()

    @staticmethod
    def _wait(process: subprocess.Popen, ready) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError, ApiError):
                if ready() and process.poll() is None:
                    return True
            time.sleep(0.05)
        process.kill()
        process.wait()
        return False

    def _etcd_call(self, method: str, document: dict) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self._etcd_port}/v3/kv/{method}", json.dumps(document).encode())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)

    def _etcd_healthy(self) -> bool:
        return "header" in self._etcd_call("range", {"key": "AA=="})

    def _server_ready(self) -> bool:
        return self.admin.request("GET", "/readyz").status == 200

    def _apply_crds(self) -> None:
        definitions = [yaml.safe_load(path.read_text()) for path in sorted((HERE / "crds").glob("*.yaml"))]
        self._kpack = [definition["spec"]["names"]["plural"] for definition in definitions]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda definition: self.admin.create("customresourcedefinitions", definition), definitions))
        self._wait_served()

    def _wait_served(self) -> None:
        """Established is said a little before it is served, and a watch is refused for a little longer (429)."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(self._wait_watchable, self._kpack))

    def _wait_watchable(self, resource: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.admin.watch(resource).close()
                return
            except ApiError:
                assert time.monotonic() < deadline, f"{resource} are not served"
                time.sleep(0.02)
