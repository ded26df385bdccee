"""Why kpack builds: what changed between the last build and what an Image, its source and its builder say now.

Pure functions over the objects' JSON, in the order and the words of kpack's own package buildchange.
"""

import copy
import email.utils
import json

NEEDED = "image.kpack.io/additionalBuildNeeded"


def changes(image: dict, last: dict | None, source: dict, builder: dict) -> list[dict]:
    """[{reason, old, new}]: what the annotation buildChanges holds; empty when no build is needed. `source` is as a Build
    has it (resolved)."""
    found = [*_trigger(last), *_commit(last, source), *_config(image, last, source)]
    if succeeded(last) == "True":
        found += [*_buildpack(last, builder), *_stack(last, builder), *_lifecycle(last, builder)]
    return found


def reasons(changed: list[dict]) -> str:
    return ",".join(change["reason"] for change in changed)


def as_annotation(changed: list[dict]) -> str:
    return json.dumps(changed, separators=(",", ":"))


def condition(item: dict | None, kind: str) -> dict:
    return next((entry for entry in ((item or {}).get("status") or {}).get("conditions", []) if entry["type"] == kind), {})


def succeeded(build: dict | None) -> str:
    """True, False or Unknown; empty when there is no build."""
    return "" if build is None else condition(build, "Succeeded").get("status", "Unknown")


def build_config(image: dict) -> dict:
    """The part of an Image's spec that a Build copies."""
    return image["spec"].get("build") or {}


def _trigger(last: dict | None) -> list[dict]:
    if NEEDED not in ((last or {}).get("metadata", {}).get("annotations") or {}):
        return []
    return [{"reason": "TRIGGER", "old": "", "new": f"A new build was manually triggered on {email.utils.formatdate()}"}]


def _commit(last: dict | None, source: dict) -> list[dict]:
    if last is None or not last["spec"]["source"].get("git") or not source.get("git"):
        return []
    old, new = last["spec"]["source"]["git"]["revision"], source["git"]["revision"]
    return [{"reason": "COMMIT", "old": old, "new": new}] if old != new else []


def _config(image: dict, last: dict | None, source: dict) -> list[dict]:
    old = _config_of((last or {}).get("spec", {}), (last or {}).get("spec", {}).get("source", {}))
    new = _config_of(build_config(image), source)
    return [{"reason": "CONFIG", "old": old, "new": new}] if _without_revision(old) != _without_revision(new) else []


def _config_of(spec: dict, source: dict) -> dict:
    config = {name: spec[name] for name in ("env", "services", "cnbBindings") if spec.get(name)}
    return {**config, "resources": spec.get("resources") or {}, "source": source}


def _without_revision(config: dict) -> dict:
    config = copy.deepcopy(config)
    if config["source"].get("git"):
        config["source"]["git"]["revision"] = ""
    return config


def _buildpack(last: dict, builder: dict) -> list[dict]:
    there = {(entry["id"], entry.get("version")) for entry in builder["status"].get("builderMetadata", [])}
    gone = [{"id": entry["id"], "version": entry["version"]} for entry in last["status"].get("buildMetadata", [])
            if (entry["id"], entry.get("version")) not in there]
    return [{"reason": "BUILDPACK", "old": sorted(gone, key=lambda entry: entry["id"]), "new": None}] if gone else []


def _stack(last: dict, builder: dict) -> list[dict]:
    old, new = (identifier(status["stack"]["runImage"]) for status in (last["status"], builder["status"]))
    return [{"reason": "STACK", "old": old, "new": new}] if old != new else []


def _lifecycle(last: dict, builder: dict) -> list[dict]:
    old = last["status"].get("lifecycleVersion", "")
    new = builder["status"].get("lifecycle", {}).get("version", "")
    return [{"reason": "LIFECYCLE", "old": old, "new": new}] if old != new else []


def identifier(reference: str) -> str:
    """The digest or the tag of a reference."""
    _, at, digest = reference.partition("@")
    if at:
        return digest
    _, _, last = reference.rpartition("/")
    return last.partition(":")[2] or "latest"
