"""Runs a cluster with the stand-in for kpack until it is interrupted, for a person to try things on.

Usage: python3 -m support.kpack DIRECTORY [--registry HOST] [--phase SECONDS]     (in tests/)

Prints where the kubeconfig is (its user may do what docs/kpack-rbac.yaml grants; admin.yaml: everything), and the builder's
name. With --registry builds push small images there; --phase: seconds that each line of a build takes.
"""

import argparse
import contextlib
import pathlib
import shutil
import signal
import threading

from support.kpack.controller import Kpack
from support.kpack.plays import BuildPlay
from support.kpack.publishing import to
from support.kube.fixtures import apply_role
from support.kube.server import KubeServer
from support.push_image import Registry


def main() -> None:
    parser = argparse.ArgumentParser(prog="support.kpack", description="A cluster with a stand-in for kpack.")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--registry", default="", help="host:port that builds push to")
    parser.add_argument("--phase", type=float, default=0.3, help="seconds before each line of a build's log")
    given = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    given.directory.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(KubeServer(given.directory / "server"))
        stack.callback(shutil.rmtree, given.directory / "server", ignore_errors=True)
        namespace = server.namespace("apps")
        kpack = stack.enter_context(Kpack(server, [namespace]))
        kpack.usual = lambda: BuildPlay(pace=given.phase)
        kpack.polling = 5.0
        if given.registry:
            kpack.push = to(Registry(given.registry), given.registry)
        kpack.builder("base", buildpacks={"acme/java": "1.0.0", "acme/spring-boot": "2.3.0"})
        token = apply_role(server, namespace)
        for name, of in (("kubeconfig.yaml", token), ("admin.yaml", server.admin_token)):
            (given.directory / name).write_text(server.kubeconfig(token=of, namespace=namespace))
        print(f"kubeconfig: {given.directory.resolve()}/kubeconfig.yaml, admin.yaml; namespace {namespace}, ClusterBuilder base",
              flush=True)
        stopped.wait()


main()
