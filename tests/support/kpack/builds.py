"""A Build of an Image, its pod, and what a pod's status makes of a Build's: the shapes of kpack's own objects."""

import base64
import copy
import datetime
import gzip
import hashlib
import json

from support.kpack.reasons import as_annotation, build_config, condition, identifier, reasons, succeeded

API = "kpack.io/v1alpha2"
STEPS = ("prepare", "analyze", "detect", "restore", "build", "export")
IMAGE, NUMBER, GENERATION = "image.kpack.io/image", "image.kpack.io/buildNumber", "image.kpack.io/imageGeneration"


def now() -> str:
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def child_name(parent: str, suffix: str) -> str:
    """As Knative's kmeta.ChildName: at most 63 characters."""
    if len(parent) > 63 - len(suffix):
        parent = parent[:63 - 32 - len(suffix)] + hashlib.md5(parent.encode()).hexdigest()
    return parent + suffix


def owned_by(owner: dict) -> list[dict]:
    metadata = owner["metadata"]
    return [{"apiVersion": API, "kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"], "controller": True,
             "blockOwnerDeletion": True}]


def number_of(build: dict) -> int:
    return int(build["metadata"]["labels"][NUMBER])


def new_build(image: dict, last: dict | None, source: dict, builder: dict, changed: list[dict]) -> dict:
    metadata, spec = image["metadata"], image["spec"]
    number = str(number_of(last) + 1 if last else 1)
    kept = {name: value for name, value in build_config(image).items()
            if name in ("env", "services", "cnbBindings", "resources", "tolerations", "nodeSelector", "affinity",
                        "runtimeClassName", "schedulerName", "creationTime") and value}
    if build_config(image).get("buildTimeout") is not None:
        kept["activeDeadlineSeconds"] = build_config(image)["buildTimeout"]
    copied = {name: spec[name] for name in ("projectDescriptorPath", "defaultProcess", "cosign") if spec.get(name)}
    return {
        "apiVersion": API, "kind": "Build",
        "metadata": {
            "name": child_name(metadata["name"], f"-build-{number}"), "ownerReferences": owned_by(image),
            "labels": {**metadata.get("labels", {}), NUMBER: number, IMAGE: metadata["name"],
                       GENERATION: str(metadata["generation"])},
            "annotations": {
                **metadata.get("annotations", {}), "image.kpack.io/reason": reasons(changed),
                "image.kpack.io/buildChanges": as_annotation(changed),
                "image.kpack.io/builderName": builder["metadata"]["name"], "image.kpack.io/builderKind": ""},
        },
        "spec": {
            "tags": tags_of(spec, number), "builder": {"image": builder["status"]["latestImage"]},
            "runImage": {"image": builder["status"]["stack"]["runImage"]},
            "serviceAccountName": spec.get("serviceAccountName", "default"), "source": source,
            "cache": _cache(metadata["name"], spec.get("cache") or {}), "resources": {}, **copied, **kept,
            **({"lastBuild": last_build(last)} if last_build(last) else {}),
        },
    }


def _cache(image: str, cache: dict) -> dict:
    if cache.get("volume"):
        return {"volume": {"persistentVolumeClaimName": child_name(image, "-cache")}}
    return {"registry": {"tag": cache["registry"]["tag"]}} if cache.get("registry") else {}


def tags_of(spec: dict, number: str) -> list[str]:
    more = spec.get("additionalTags", [])
    if spec.get("imageTaggingStrategy") == "None":
        return [spec["tag"], *more]
    head, _, last = spec["tag"].rpartition("/")
    name, _, tag = last.partition(":")
    prefix = "" if tag in ("", "latest") else f"{tag}-"
    at = f"{datetime.datetime.now():%Y%m%d.%H%M%S}"
    return [spec["tag"], f"{head}/{name}:{prefix}b{number}.{at}", *more]


def last_build(last: dict | None) -> dict | None:
    if last is None:
        return None
    if succeeded(last) == "False":
        return last["spec"].get("lastBuild")
    status = last["status"]
    return {"image": status["latestImage"], "stackId": status["stack"]["id"],
            "cache": {"image": status["latestCacheImage"]} if status.get("latestCacheImage") else {}}


def is_rebase(build: dict, stack_id: str) -> bool:
    last = build["spec"].get("lastBuild")
    return bool(last) and build["metadata"]["annotations"]["image.kpack.io/reason"] == "STACK" and last["stackId"] == stack_id


def new_pod(build: dict, rebase: bool, sidecars: bool) -> dict:
    """The pod; with sidecars the steps are ordinary containers behind the init container pre-start."""
    spec, metadata = build["spec"], build["metadata"]
    steps = [_container(name, spec) for name in (("rebase",) if rebase else STEPS)]
    completion = _container("completion", spec)
    if sidecars:
        init, containers = [_container("pre-start", spec)], [*steps, completion]
    else:
        init, containers = steps, [completion]
    return {
        "metadata": {
            "name": child_name(metadata["name"], "-build-pod"), "ownerReferences": owned_by(build),
            "labels": {**metadata["labels"], "kpack.io/build": metadata["name"]},
            "annotations": {**metadata["annotations"], **({} if sidecars else {"sidecar.istio.io/inject": "false"})}},
        "spec": {
            "restartPolicy": "Never", "serviceAccountName": spec["serviceAccountName"], "initContainers": init,
            "containers": containers,
            **{name: spec[name] for name in ("nodeSelector", "tolerations", "affinity", "schedulerName",
                                             "activeDeadlineSeconds") if spec.get(name)}},
    }


def _container(name: str, spec: dict) -> dict:
    own = name in ("prepare", "completion", "rebase", "pre-start")
    container = {"name": name, "image": f"registry.example/kpack/{name}@sha256:{'0' * 64}" if own else spec["builder"]["image"],
                 "imagePullPolicy": "IfNotPresent", "resources": spec.get("resources") or {}}
    if name == "prepare":
        given = [{**entry, "name": f"PLATFORM_ENV_{entry.get('name', '')}"} for entry in spec.get("env", [])]
        container["env"] = [{"name": "IMAGE_TAG", "value": spec["tags"][0]}, *given]
    return container


def encoded_result(result: dict) -> str:
    """What the container completion leaves as its termination message."""
    return base64.b64encode(gzip.compress(json.dumps(result).encode(), mtime=0)).decode()


def build_status(build: dict, pod: dict, last_line=lambda container: "") -> dict:
    """The status of a Build after its pod's; last_line(container) reads its log."""
    status = {"stack": {}, "lifecycleVersion": "", **copy.deepcopy(build.get("status") or {})}
    of_pod = pod.get("status") or {}
    containers = of_pod.get("initContainerStatuses", []) + of_pod.get("containerStatuses", [])
    steps = [entry for entry in containers if entry["name"] in (*STEPS, "rebase", "completion")]
    if of_pod.get("phase") == "Succeeded":
        message = next(entry for entry in containers if entry["name"] == "completion")["state"]["terminated"]["message"]
        result = json.loads(gzip.decompress(base64.b64decode(message)))
        status |= {"buildMetadata": result["buildpackMetadata"], "latestImage": result["latestImage"],
                   "stack": {"runImage": result["stackRunImage"], "id": result["stackID"]},
                   "lifecycleVersion": result["lifecycleVersion"]}
        if result["latestCacheImage"]:
            status["latestCacheImage"] = result["latestCacheImage"]
    status["podName"] = pod["metadata"]["name"]
    status["stepStates"] = [_step_state(entry) for entry in steps]
    status["stepsCompleted"] = [entry["name"] for entry in steps if entry["state"].get("terminated", {}).get("exitCode") == 0]
    status["conditions"] = [_succeeded(pod, of_pod, last_line)]
    status["observedGeneration"] = build["metadata"]["generation"]
    return status


def _step_state(entry: dict) -> dict:
    state = copy.deepcopy(entry["state"])
    for kind, text in (("terminated", "terminated "), ("waiting", "waiting")):
        if kind in state and not state[kind].get("message"):
            if kind == "terminated":
                text += "with error" if state[kind]["exitCode"] else "successfully"
            state[kind]["message"] = f"Container {entry['name']} {text}"
    return state


def _succeeded(pod: dict, of_pod: dict, last_line) -> dict:
    found = {"type": "Succeeded", "status": "Unknown", "lastTransitionTime": now()}
    # kpack has filled the messages in by now.
    init = [{**entry, "state": _step_state(entry)} for entry in of_pod.get("initContainerStatuses", [])]
    match of_pod.get("phase"):
        case "Succeeded":
            found |= {"status": "True", "reason": "Completed"}
        case "Failed":
            found |= {"status": "False", "reason": "Failed", "message": of_pod.get("message", "")}
            for entry in init:
                ended = entry["state"].get("terminated", {})
                if ended.get("exitCode") and ended.get("message"):
                    where = f"-n {pod['metadata']['namespace']} {pod['metadata']['name']} -c {entry['name']}"
                    found["message"] = (f"Error: {of_pod.get('message', '')} {ended['message']} {last_line(entry['name'])}"
                                        f": For more info use `kubectl logs {where}`")
                    break
        case "Pending":
            waiting = next((entry["state"]["waiting"] for entry in init if "waiting" in entry["state"]), {})
            found |= {name: waiting[name] for name in ("reason", "message") if name in waiting}
    return found


def failed_status(build: dict, message: str) -> dict:
    """No pod can be made of it: kpack gives up at once."""
    return {"observedGeneration": build["metadata"]["generation"], "conditions": [
        {"type": "Succeeded", "status": "False", "message": message, "lastTransitionTime": now()}]}


def same(one: dict, other: dict) -> bool:
    """Equal apart from the times of conditions, as kpack compares them."""
    def bare(status: dict) -> dict:
        conditions = [{key: value for key, value in entry.items() if key != "lastTransitionTime"}
                      for entry in status.get("conditions", [])]
        return {**status, "conditions": conditions}
    return bare(one) == bare(other)


