"""What controllers stand on: a copy of a resource's objects that follows the API, and a queue of what to look at."""

import collections
import contextlib
import http.client
import threading
import time

from support.kube.client import ApiError, Client, Watch, WatchExpired


class Informer:
    """Lists, then watches; calls back for each object that came, changed or went. `objects` is by (namespace, name)."""

    def __init__(self, client: Client, resource: str, callback, namespace: str | None = None, fields: str | None = None):
        self.client, self.resource, self.callback, self.namespace, self.fields = client, resource, callback, namespace, fields
        self.objects: dict[tuple[str, str], dict] = {}
        self.synced = threading.Event()
        self._stopped = threading.Event()
        self._watch: Watch | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"informer {resource}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._watch:
            self._watch.close()
        self._thread.join()

    def get(self, namespace: str, name: str) -> dict | None:
        return self.objects.get((namespace, name))

    def _run(self) -> None:
        version = None
        while not self._stopped.is_set():
            try:
                if version is None:
                    version = self._list()
                version = self._follow(version)
            except WatchExpired:
                version = None
            except (OSError, http.client.HTTPException, ApiError, ValueError):
                version = None
                self._stopped.wait(0.2)

    def _list(self) -> str:
        listed = self.client.list_whole(self.resource, self.namespace, fields=self.fields)
        found = {key_of(item): item for item in listed["items"]}
        gone = [self.objects[key] for key in self.objects.keys() - found.keys()]
        self.objects = found
        for item in found.values():
            self.callback("MODIFIED", item)
        for item in gone:
            self.callback("DELETED", item)
        self.synced.set()
        return listed["metadata"]["resourceVersion"]

    def _follow(self, version: str) -> str:
        self._watch = self.client.watch(self.resource, self.namespace, version, fields=self.fields)
        if self._stopped.is_set():
            self._watch.close()
        for event in self._watch:
            item = event["object"]
            version = item["metadata"]["resourceVersion"]
            if event["type"] == "BOOKMARK":
                continue
            if event["type"] == "DELETED":
                self.objects.pop(key_of(item), None)
            else:
                self.objects[key_of(item)] = item
            self.callback(event["type"], item)
        return version


def key_of(item: dict) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


class Queue:
    """Keys to look at, each once however often it was added; some only after a while."""

    def __init__(self) -> None:
        self._ready: collections.OrderedDict = collections.OrderedDict()
        self._later: dict = {}
        self._changed = threading.Condition()
        self.closed = False

    def add(self, key, after: float = 0) -> None:
        with self._changed:
            if after > 0:
                due = time.monotonic() + after
                self._later[key] = min(due, self._later.get(key, due))
            else:
                self._ready[key] = None
            self._changed.notify()

    def take(self):
        """The next key; None when the queue was closed."""
        with self._changed:
            while not self.closed:
                now = time.monotonic()
                for key in [key for key, due in self._later.items() if due <= now]:
                    del self._later[key]
                    self._ready[key] = None
                if self._ready:
                    return self._ready.popitem(last=False)[0]
                self._changed.wait(max(0.001, min(self._later.values()) - now) if self._later else None)
            return None

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def wait_closed(self, seconds: float) -> None:
        """Sleeps, but not on when it is closed."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self.closed and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)


@contextlib.contextmanager
def following(*informers: Informer):
    """Starts them, waits until each knows what there is, and stops them."""
    for informer in informers:
        informer.start()
    try:
        for informer in informers:
            assert informer.synced.wait(30), f"{informer.resource} could not be listed"
        yield
    finally:
        for informer in informers:
            informer.stop()
