"""A stand-in for kpack's controller (and, with Kubelet, for what runs its pods) on a real kube-apiserver.

    with Kpack(server, [namespace]) as kpack:
        kpack.builder(buildpacks={"acme/java": "1.0.0"})    # stack, store and ClusterBuilder, ready
        kpack.sources.repositories[url] = {"main": "4f2c..."}
        kpack.image(namespace, "app", git=(url, "main"))
        kpack.wait_build(namespace, "app", 1)               # the Build, finished

It follows kpack's reconcilers: each looks at a copy of the objects that its watches keep, and only by writing to the
apiserver does one tell another. So what a client sees, and in which order, is what it sees of kpack.
"""

import collections
import contextlib
import copy
import http.client
import threading
import traceback

from support.kpack import builders, builds, reasons, sources
from support.kpack.plays import BuildPlay
from support.kpack.publishing import push_nothing
from support.kube.client import ApiError
from support.kube.informer import Informer, Queue, following, key_of
from support.kube.kubelet import Kubelet

NAMESPACED = ("images", "builds", "sourceresolvers", "builders", "pods")
CLUSTER = ("clusterbuilders", "clusterstacks", "clusterstores", "clusterlifecycles")
KINDS = {"clusterstacks": "ClusterStack", "clusterstores": "ClusterStore", "clusterlifecycles": "ClusterLifecycle",
         "clusterbuilders": "ClusterBuilder", "builders": "Builder", "images": "Image"}


class Kpack:
    """Looks after the Images of `namespaces`, and after everything of the cluster's scope."""

    def __init__(self, server, namespaces: list[str], slots: int = 16):
        self.server, self.namespaces = server, list(namespaces)
        self.client = server.client(token=server.admin_token)
        self.sources, self.images = sources.Sources(), builders.Images()
        self.latency = 0.0  # seconds before each reconciliation
        self.polling = 60.0  # seconds between two looks at a branch
        self.sidecars = False  # steps as ordinary containers, behind pre-start
        self.usual = BuildPlay  # makes the play of a build that no test has one for
        self.push = push_nothing  # see publishing.py
        self.plays: dict[str, collections.deque] = collections.defaultdict(collections.deque)  # Image's name to plays
        self.failures: list[str] = []  # what must not have happened
        self._made: list[tuple] = []  # resource, name, namespace
        self._paused = threading.Event()
        self.kubelet = Kubelet(server, self._play, self.namespaces, name=f"node-{self.namespaces[0]}", slots=slots)

    def __enter__(self) -> "Kpack":
        self.kubelet.__enter__()
        self._start()
        return self

    def __exit__(self, *_) -> None:
        self.resume()
        self._stop()
        self.kubelet.__exit__()
        with contextlib.suppress(OSError, http.client.HTTPException):  # the server may be gone first
            for resource, name, namespace in reversed(self._made):
                self.client.delete(resource, name, namespace)
        failures = self.failures + self.kubelet.failures
        assert not failures, "the stand-in for kpack failed:\n" + "\n".join(failures)

    # What tests make. Builders' names are of the whole cluster, which tests share: the namespace's name is the default.

    def builder(self, name: str = "", buildpacks: dict | None = None, run_image: str = "registry.example/run:1", stack: str = "",
                namespace: str = "", wait: bool = True) -> dict:
        """A stack, a store and a ClusterBuilder (with a namespace: a Builder) of one name; buildpacks: id to version."""
        name = name or self.namespaces[0]
        buildpacks = buildpacks if buildpacks is not None else {"acme/java": "1.0.0"}
        if not stack:
            stack = name
            self.make("clusterstacks", name, {
                "id": "io.buildpacks.stacks.jammy", "buildImage": {"image": run_image.replace("/run", "/build")},
                "runImage": {"image": run_image}})
        images = [{"image": f"registry.example/{buildpack}:{version}"} for buildpack, version in buildpacks.items()]
        self.make("clusterstores", name, {"sources": images})
        spec = {"tag": f"registry.example/builders/{name}", "stack": {"kind": "ClusterStack", "name": stack},
                "store": {"kind": "ClusterStore", "name": name}, "serviceAccountName": "default",
                "order": [{"group": [{"id": buildpack} for buildpack in buildpacks]}]}
        resource = "builders" if namespace else "clusterbuilders"
        made = self.make(resource, name, spec, namespace or None)
        if not wait:
            return made
        return self.client.wait(resource, name, lambda it: reasons.condition(it, "Ready")["status"] == "True", namespace or None)

    def image(self, namespace: str, name: str, git: tuple[str, str] | None = None, builder: str = "", **spec) -> dict:
        """An Image; `spec` adds fields, and `source` may stand instead of git (url, revision)."""
        source = {"git": {"url": git[0], "revision": git[1]}} if git else spec.pop("source")
        return self.make("images", name, {
            "tag": f"registry.example/apps/{name}", "builder": {"kind": "ClusterBuilder", "name": builder or self.namespaces[0]},
            "serviceAccountName": "default", "source": source, **spec}, namespace)

    def make(self, resource: str, name: str, spec: dict, namespace: str | None = None) -> dict:
        document = {"apiVersion": builds.API, "kind": KINDS[resource], "metadata": {"name": name}, "spec": spec}
        self._made.append((resource, name, namespace))
        return self.client.create(resource, document, namespace)

    def next_build(self, image: str, play: BuildPlay) -> BuildPlay:
        """The next build of the Image that no other play is for goes as this one says."""
        self.plays[image].append(play)
        return play

    def wait_build(self, namespace: str, image: str, number: int, seconds: float = 60) -> dict:
        """The Build of that number, when it has ended either way."""
        name = builds.child_name(image, f"-build-{number}")
        return self.client.wait("builds", name, lambda it: reasons.succeeded(it) != "Unknown", namespace, seconds)

    # What goes wrong, or takes long.

    def pause(self) -> None:
        """The controller does nothing more; pods go on."""
        self._paused.set()

    def resume(self) -> None:
        self._paused.clear()

    def restart(self) -> None:
        self._stop()
        self._start()

    def poll(self) -> None:
        """Looks at every source, and at where every image's tag has gone, now."""
        for resource in ("sourceresolvers", *CLUSTER[1:]):
            for key in list(self._informers[resource].objects):
                self._queue.add((resource, *key))

    # The controller itself.

    def _start(self) -> None:
        self._queue = Queue()
        self._informers = {resource: Informer(self.client, resource, self._callback(resource))
                           for resource in (*NAMESPACED, *CLUSTER)}
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(following(*self._informers.values()))
        self._worker = threading.Thread(target=self._work, args=(self._queue,), daemon=True, name="kpack")
        self._worker.start()

    def _stop(self) -> None:
        self._queue.close()
        self._worker.join()
        self._stack.close()

    def _callback(self, resource: str):
        def changed(kind: str, item: dict) -> None:
            namespace, name = key_of(item)
            if namespace and namespace not in self.namespaces:
                return
            if resource == "pods" or resource in ("builds", "sourceresolvers"):
                for owner in item["metadata"].get("ownerReferences", []):
                    self._queue.add(({"Build": "builds", "Image": "images"}.get(owner["kind"]), namespace, owner["name"]))
            if resource != "pods":
                self._queue.add((resource, namespace, name))
            if resource in CLUSTER[1:]:
                self._enqueue_all("clusterbuilders", "builders")
            if resource in ("clusterbuilders", "builders"):
                self._enqueue_all("images")
        return changed

    def _enqueue_all(self, *resources: str) -> None:
        for resource in resources:
            for namespace, name in list(self._informers[resource].objects):
                if not namespace or namespace in self.namespaces:
                    self._queue.add((resource, namespace, name))

    def _work(self, queue: Queue) -> None:
        while (key := queue.take()) is not None:
            while self._paused.is_set() and not queue.closed:
                queue.wait_closed(0.05)
            if self.latency:
                queue.wait_closed(self.latency)
            if queue.closed:
                return
            try:
                self._reconcile(*key)
            except ApiError as error:
                # Another was faster; or it is refused, as by a quota: kpack tries again later.
                queue.add(key, after=0.02 if error.status == 409 else 0.5)
            except (OSError, http.client.HTTPException):
                queue.add(key, after=0.2)
            except Exception:  # noqa: BLE001: a test must see what broke in this thread
                self.failures.append(traceback.format_exc())

    def _reconcile(self, resource: str | None, namespace: str, name: str) -> None:
        item = self._informers[resource].get(namespace, name) if resource else None
        if item is None:
            if resource == "images":
                self._collect(namespace, name)
            return
        match resource:
            case "images":
                self._reconcile_image(item)
            case "builds":
                self._reconcile_build(item)
            case "sourceresolvers":
                self._reconcile_source(item)
            case "clusterstacks":
                self._write_status(resource, item, builders.stack_status(item, self.images))
            case "clusterstores":
                self._write_status(resource, item, builders.store_status(item, self.images))
            case "clusterlifecycles":
                self._write_status(resource, item, builders.lifecycle_status(item, self.images))
            case "clusterbuilders" | "builders":
                self._write_status(resource, item, builders.builder_status(
                    item, lambda kind, wanted: self._informers[kind].get("", wanted)))

    def _write_status(self, resource: str, item: dict, status: dict) -> None:
        """A whole status, by the resourceVersion that was read, and only where it says something new."""
        conditions = [{"lastTransitionTime": builds.now(), **_without_empty(entry)} for entry in status.get("conditions", [])]
        status = {**status, "conditions": conditions, "observedGeneration": item["metadata"]["generation"]}
        if not builds.same(status, item.get("status") or {}):
            self.client.replace(resource, {**item, "status": status}, item["metadata"].get("namespace"), status=True)

    def _reconcile_image(self, image: dict) -> None:
        namespace, name = key_of(image)
        status = copy.deepcopy(image.get("status") or {})
        reference = image["spec"]["builder"]
        builder = self._builder(reference.get("kind"), namespace, reference["name"])
        if builder is None:
            message = f"Error: Unable to find builder '{reference['name']}' in namespace '{reference.get('namespace', '')}'."
            status["conditions"] = [builders.ready("False", reason="BuilderNotFound", message=message)]
            return self._write_status("images", image, status)
        last = self._last_build(namespace, name)
        if last is not None and reasons.succeeded(last) == "Unknown":
            message = reasons.condition(last, "Succeeded").get("message", _executing(last))
            status["conditions"] = [builders.ready("Unknown", reason="BuildRunning", message=message), *_of_builder(builder)]
            return self._write_status("images", image, status)
        resolver = self._source_resolver(image)
        if not _is_ready(resolver) or reasons.condition(builder, "Ready").get("status") != "True":
            return self._no_build(image, "Unknown", builder, last, resolver)
        source = sources.of_build(resolver["status"]["source"])
        changed = reasons.changes(image, last, source, builder)
        if not changed:
            self._no_build(image, "False", builder, last, resolver)
            return self._delete_old(image)
        build = self.client.create("builds", builds.new_build(image, last, source, builder, changed), namespace)
        status = self._status_after(image, build)
        status["conditions"] = [builders.ready("Unknown", reason="BuildRunning", message=_executing(build)), *_of_builder(builder)]
        status["latestImage"] = _latest_image(image, last)
        self._write_status("images", image, _without_empty(status))
        return self._delete_old(image)

    def _no_build(self, image: dict, needed: str, builder: dict, last: dict | None, resolver: dict) -> None:
        ended = reasons.condition(last, "Succeeded")
        if reasons.condition(builder, "Ready").get("status") != "True":
            ready = builders.ready("False", reason="BuilderNotReady", message=_builder_error(builder))
        elif needed == "Unknown":
            name = resolver["metadata"]["name"]
            ready = builders.ready("Unknown", reason="ResolverNotReady", message=f"Error: SourceResolver '{name}' is not ready")
        elif ended.get("status") == "True":
            ready = builders.ready(reason="UpToDate", message=ended.get("message", ""))
        else:
            message = (f"Error: Build '{last['metadata']['name']}' in namespace '{last['metadata']['namespace']}' failed: "
                       f"{ended.get('message', '')}")
            ready = builders.ready(ended.get("status", "Unknown"), reason="BuildFailed", message=message)
        status = self._status_after(image, last)
        status["conditions"] = [ready, *_of_builder(builder)]
        status["latestImage"] = _latest_image(image, last)
        self._write_status("images", image, _without_empty(status))

    @staticmethod
    def _status_after(image: dict, build: dict | None) -> dict:
        if build is None:
            return {}
        metadata = build["metadata"]
        return {"latestBuildRef": metadata["name"], "latestBuildReason": metadata["annotations"]["image.kpack.io/reason"],
                "latestBuildImageGeneration": int(metadata["labels"][builds.GENERATION]),
                "buildCounter": builds.number_of(build),
                "latestStack": build["status"]["stack"]["id"] if reasons.succeeded(build) == "True" else ""}

    def _reconcile_build(self, build: dict) -> None:
        if reasons.succeeded(build) != "Unknown":
            return
        namespace, name = key_of(build)
        pod = self._informers["pods"].get(namespace, builds.child_name(name, "-build-pod"))
        if pod is None:
            account = build["spec"]["serviceAccountName"]
            if self.client.find("serviceaccounts", account, namespace) is None:
                return self._write_status("builds", build, builds.failed_status(build, f'serviceaccounts "{account}" not found'))
            builder = self._builder_of(build)
            rebase = builds.is_rebase(build, builder["status"]["stack"]["id"]) if builder else False
            try:
                pod = self.client.create("pods", builds.new_pod(build, rebase, self.sidecars), namespace)
            except ApiError as error:
                if error.status != 422:
                    raise
                return self._write_status("builds", build, builds.failed_status(build, error.message))
        return self._write_status("builds", build, builds.build_status(
            build, pod, lambda container: self.kubelet.log(namespace, pod["metadata"]["name"], container).last_line()))

    def _source_resolver(self, image: dict) -> dict:
        namespace, name = key_of(image)
        spec = {"serviceAccount": image["spec"].get("serviceAccountName", "default"), "source": image["spec"]["source"]}
        wanted = builds.child_name(name, "-source")
        found = self._informers["sourceresolvers"].get(namespace, wanted)
        if found is None:
            return self.client.create("sourceresolvers", {
                "apiVersion": builds.API, "kind": "SourceResolver", "spec": spec,
                "metadata": {"name": wanted, "ownerReferences": builds.owned_by(image), **_labels_of(image)}}, namespace)
        if found["spec"] != spec or _labels_of(found) != _labels_of(image):
            metadata = {**found["metadata"], "labels": image["metadata"].get("labels", {})}
            return self.client.replace("sourceresolvers", {**found, "metadata": metadata, "spec": spec}, namespace)
        return found

    def _reconcile_source(self, resolver: dict) -> None:
        metadata, status = resolver["metadata"], resolver.get("status") or {}
        source = self.sources.resolve(resolver["spec"]["source"])
        # What cannot be reached is ready all the same, once: kpack does not tell.
        if source.get("git", {}).get("type") == "Unknown" and status.get("observedGeneration") == metadata["generation"]:
            source = status["source"]
        polled = sources.is_pollable(source)
        conditions = [builders.ready(), {"type": "ActivePolling", "status": "True" if polled else "False"}]
        self._write_status("sourceresolvers", resolver, {"source": source, "conditions": conditions})
        if polled:
            self._queue.add(("sourceresolvers", *key_of(resolver)), after=self.polling)

    def _builder(self, kind: str | None, namespace: str, name: str) -> dict | None:
        if kind == "Builder":
            return self._informers["builders"].get(namespace, name)
        return self._informers["clusterbuilders"].get("", name)

    def _builder_of(self, build: dict) -> dict | None:
        metadata = build["metadata"]
        image = self.client.find("images", metadata["labels"][builds.IMAGE], metadata["namespace"])
        kind = image["spec"]["builder"].get("kind") if image else None
        return self._builder(kind, metadata["namespace"], metadata["annotations"]["image.kpack.io/builderName"])

    def _builds_of(self, namespace: str, image: str) -> list[dict]:
        found = [build for (where, _), build in list(self._informers["builds"].objects.items())
                 if where == namespace and build["metadata"].get("labels", {}).get(builds.IMAGE) == image]
        return sorted(found, key=builds.number_of)

    def _last_build(self, namespace: str, image: str) -> dict | None:
        return next(reversed(self._builds_of(namespace, image)), None)

    def _delete_old(self, image: dict) -> None:
        namespace, name = key_of(image)
        for status, limit in (("True", "successBuildHistoryLimit"), ("False", "failedBuildHistoryLimit")):
            ended = [build for build in self._builds_of(namespace, name) if reasons.succeeded(build) == status]
            if len(ended) > image["spec"].get(limit, 10):
                self.client.delete("builds", ended[0]["metadata"]["name"], namespace)
                # What the garbage collector does.
                self.client.delete("pods", builds.child_name(ended[0]["metadata"]["name"], "-build-pod"), namespace)

    def _collect(self, namespace: str, name: str) -> None:
        """An Image is gone: what it owned goes too."""
        for build in self._builds_of(namespace, name):
            self.client.delete("pods", builds.child_name(build["metadata"]["name"], "-build-pod"), namespace)
            self.client.delete("builds", build["metadata"]["name"], namespace)
        self.client.delete("sourceresolvers", builds.child_name(name, "-source"), namespace)

    def _play(self, pod: dict):
        labels, namespace = pod["metadata"]["labels"], pod["metadata"]["namespace"]
        build = self.client.get("builds", labels["kpack.io/build"], namespace)
        builder = self._builder_of(build)
        waiting = self.plays[labels[builds.IMAGE]]
        play = waiting.popleft() if waiting else self.usual()
        return play.pod_play(build, builder, self.push)


def _labels_of(item: dict) -> dict:
    labels = item["metadata"].get("labels")
    return {"labels": labels} if labels else {}


def _executing(build: dict) -> str:
    return f"Build '{build['metadata']['name']}' is executing"


def _is_ready(resolver: dict) -> bool:
    status = resolver.get("status") or {}
    return (reasons.condition(resolver, "Ready").get("status") == "True"
            and status.get("observedGeneration") == resolver["metadata"]["generation"])


def _latest_image(image: dict, last: dict | None) -> str:
    if reasons.succeeded(last) == "True":
        return last["status"]["latestImage"]
    return (image.get("status") or {}).get("latestImage", "")


def _builder_error(builder: dict) -> str:
    message = reasons.condition(builder, "Ready").get("message", "")
    name, namespace = builder["metadata"]["name"], builder["metadata"].get("namespace", "")
    text = f"Error: Builder '{name}' is not ready in namespace '{namespace}'"
    return f"{text}; Message: {message}" if message else text


def _of_builder(builder: dict) -> list[dict]:
    found = []
    for kind, own, good, bad in (("Ready", "BuilderReady", "BuilderReady", "BuilderNotReady"),
                                 ("UpToDate", "BuilderUpToDate", "BuilderUpToDate", "BuilderNotUpToDate")):
        if reasons.condition(builder, kind).get("status") == "True":
            found.append({"type": own, "status": "True", "reason": good})
        else:
            text = (_builder_error(builder) if kind == "Ready"
                    else "Builder is not up to date. The latest stack and buildpacks may not be in use.")
            found.append({"type": own, "status": "False", "reason": bad, "message": text})
    return found


def _without_empty(status: dict) -> dict:
    return {name: value for name, value in status.items() if value not in ("", None)}
