"""The statuses of ClusterStacks, ClusterStores, ClusterLifecycles, ClusterBuilders and Builders, from their specs.

References are resolved by `Images`: invented digests, unless a test says which one a tag has. An image of a store is a
buildpack whose id is its path and whose version is its tag: registry.example/paketo-buildpacks/java:9.1.0.
"""

import hashlib

from support.kpack.reasons import condition, identifier

DEFAULT_LIFECYCLE = "default-lifecycle"


class BuilderError(Exception):
    """Why a builder cannot be made of what there is."""


class Images:
    def __init__(self) -> None:
        self.digests: dict[str, str] = {}  # reference to digest: where a tag was moved to
        self.versions: dict[str, str] = {}  # of buildpackages that are named by digest
        self.refused: dict[str, str] = {}  # reference to what the registry says instead

    def resolve(self, reference: str) -> str:
        repository, at, digest = reference.partition("@")
        if at:
            return reference
        name, _, last = repository.rpartition("/")
        repository = f"{name}/{last.partition(':')[0]}"
        return f"{repository}@{self.digests.get(reference) or invented(reference)}"


def invented(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ready(status: str = "True", **more) -> dict:
    return {"type": "Ready", "status": status, **more}


def _refused(references: list[str], images: Images) -> dict | None:
    """As CreateStatusWithReadyCondition: what was resolved before is gone."""
    for reference in references:
        if reference in images.refused:
            return {"conditions": [ready("False", message=images.refused[reference])]}
    return None


def stack_status(stack: dict, images: Images) -> dict:
    spec = stack["spec"]
    if refused := _refused([spec[name]["image"] for name in ("buildImage", "runImage")], images):
        return refused
    described = {name: {"image": spec[name]["image"], "latestImage": images.resolve(spec[name]["image"])}
                 for name in ("buildImage", "runImage")}
    return {"id": spec["id"], **described, "mixins": [], "userId": 1000, "groupId": 1000, "conditions": [ready()]}


def store_status(store: dict, images: Images) -> dict:
    if refused := _refused([source["image"] for source in store["spec"].get("sources", [])], images):
        return refused
    buildpacks = []
    for source in store["spec"].get("sources", []):
        path = source["image"].partition("@")[0].partition("/")[2]
        name, _, version = path.partition(":")
        version = version or images.versions.get(source["image"].partition("@")[2], "")
        buildpacks.append({"id": name, "version": version or "1.0.0", "buildpackage": {
            "id": name, "version": version or "1.0.0"}, "storeImage": {"image": source["image"]},
            "digest": images.resolve(source["image"]).partition("@")[2]})
    return {"buildpacks": buildpacks, "conditions": [ready()]}


def lifecycle_status(lifecycle: dict, images: Images) -> dict:
    image = lifecycle["spec"]["image"]
    version = identifier(image) if "@" not in image else "0.20.0"
    return {"image": {"image": image, "latestImage": images.resolve(image)}, "version": version, "conditions": [ready()],
            "apis": {"buildpack": {"deprecated": [], "supported": ["0.10", "0.11"]},
                     "platform": {"deprecated": [], "supported": ["0.12", "0.13"]}}}


def builder_status(builder: dict, find) -> dict:
    """find(resource, name) gives an object or None."""
    try:
        status = _made_status(builder, find)
        status["conditions"] = [ready(), {"type": "UpToDate", "status": "True"}]
    except BuilderError as error:
        latest = (builder.get("status") or {}).get("latestImage", "")
        status = dict(builder.get("status") or {})
        never_made = {"reason": "NoLatestImage", "message": "Builder has no latestImage"}
        status["conditions"] = [
            ready() if latest else ready("False", **never_made),
            {"type": "UpToDate", "status": "False", "reason": "ReconcileFailed", "message": str(error)}]
    return status


def _made_status(builder: dict, find) -> dict:
    spec = builder["spec"]
    stack = _needed(find, "clusterstacks", spec["stack"]["name"])
    store = _needed(find, "clusterstores", spec["store"]["name"]) if spec.get("store") else None
    lifecycle_name = (spec.get("lifecycle") or {}).get("name")
    lifecycle = _needed(find, "clusterlifecycles", lifecycle_name) if lifecycle_name else find(
        "clusterlifecycles", DEFAULT_LIFECYCLE)
    order = [{"group": [_chosen(entry, store) for entry in group["group"]]} for group in spec.get("order", [])]
    metadata = {(entry["id"], entry["version"]): {"id": entry["id"], "version": entry["version"],
                                                  "homepage": f"https://{entry['id'].replace('/', '.')}.example"}
                for group in order for entry in group["group"]}
    resolved = lifecycle["status"] if lifecycle else {"version": "0.17.0"}
    run_image = stack["status"]["runImage"]["latestImage"]
    parts = [run_image, stack["status"]["buildImage"]["latestImage"], str(sorted(metadata)), resolved["version"]]
    repository = spec["tag"].partition("@")[0]
    head, _, last = repository.rpartition("/")
    return {
        "builderMetadata": [metadata[key] for key in sorted(metadata)], "order": order,
        "stack": {"id": stack["status"]["id"], "runImage": run_image},
        "lifecycle": {key: value for key, value in resolved.items() if key not in ("conditions", "observedGeneration")},
        "latestImage": f"{head}/{last.partition(':')[0]}@{invented(*parts)}", "os": "linux",
        "observedStackGeneration": stack["status"].get("observedGeneration", 0),
        **({"observedStoreGeneration": store["status"].get("observedGeneration", 0)} if store else {}),
    }


def _needed(find, resource: str, name: str) -> dict:
    found = find(resource, name)
    if found is None:
        raise BuilderError(f'{resource[:-1]}.kpack.io "{name}" not found')
    if condition(found, "Ready").get("status") != "True":
        raise BuilderError(f"{resource[7:-1]} {name} is not ready")
    return found


def _chosen(entry: dict, store: dict | None) -> dict:
    there = [buildpack for buildpack in (store or {"status": {"buildpacks": []}})["status"]["buildpacks"]
             if buildpack["id"] == entry["id"] and entry.get("version") in (None, "", buildpack["version"])]
    if not there:
        raise BuilderError(f"could not find buildpack with id '{entry['id']}'"
                           + (f" and version '{entry['version']}'" if entry.get("version") else ""))
    best = max(there, key=lambda buildpack: [int(part) if part.isdigit() else 0 for part in buildpack["version"].split(".")])
    return {"id": best["id"], "version": best["version"], **({"optional": True} if entry.get("optional") else {})}
