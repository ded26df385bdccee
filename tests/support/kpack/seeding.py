"""Images with a history that nobody built: for lists that are long, without a controller.

    seed(server.admin, namespace, images=100, builds=10)     # app-0 ... app-99, ten succeeded builds each

Each build of an Image has another digest and another commit; the reasons are CONFIG, then COMMIT.
"""

import concurrent.futures

from support.kpack import builders, builds, reasons
from support.kube.client import Client

RUN_IMAGE = f"registry.example/run@{builders.invented('run')}"
BUILDER = {
    "kind": "ClusterBuilder", "metadata": {"name": "seeded"},
    "status": {"latestImage": f"registry.example/builder@{builders.invented('builder')}",
               "builderMetadata": [{"id": "acme/java", "version": "1.0.0"}],
               "stack": {"id": "io.buildpacks.stacks.jammy", "runImage": RUN_IMAGE}, "lifecycle": {"version": "0.20.0"}},
}


def seed(client: Client, namespace: str, images: int, builds: int, prefix: str = "app") -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: seed_image(client, namespace, f"{prefix}-{number}", builds), range(images)))


def seed_image(client: Client, namespace: str, name: str, number: int) -> list[dict]:
    """The Image and its builds, the oldest first, all succeeded and with nothing left to do."""
    url = f"https://git.example/{name}"
    image = client.create("images", {
        "apiVersion": builds.API, "kind": "Image", "metadata": {"name": name},
        "spec": {"tag": f"registry.example/apps/{name}", "builder": {"kind": "ClusterBuilder", "name": "seeded"},
                 "serviceAccountName": "default", "source": {"git": {"url": url, "revision": "main"}}}}, namespace)
    made: list[dict] = []
    for index in range(1, number + 1):
        source = {"git": {"url": url, "revision": builders.invented(name, str(index))[7:47]}}
        last = made[-1] if made else None
        changed = reasons.changes(image, last, source, BUILDER)
        build = client.create("builds", builds.new_build(image, last, source, BUILDER, changed), namespace)
        status = {
            "podName": builds.child_name(build["metadata"]["name"], "-build-pod"), "stepsCompleted": [*builds.STEPS, "completion"],
            "latestImage": f"registry.example/apps/{name}@{builders.invented(name, 'image', str(index))}",
            "stack": BUILDER["status"]["stack"], "buildMetadata": BUILDER["status"]["builderMetadata"],
            "lifecycleVersion": BUILDER["status"]["lifecycle"]["version"], "observedGeneration": 1,
            "conditions": [{"type": "Succeeded", "status": "True", "reason": "Completed", "lastTransitionTime": builds.now()}]}
        made.append(client.patch("builds", build["metadata"]["name"], {"status": status}, namespace, status=True))
    if made:
        newest = made[-1]
        client.patch("images", name, {"status": {
            "observedGeneration": image["metadata"]["generation"], "buildCounter": number,
            "latestBuildRef": newest["metadata"]["name"], "latestImage": newest["status"]["latestImage"],
            "latestBuildImageGeneration": image["metadata"]["generation"], "latestStack": newest["status"]["stack"]["id"],
            "latestBuildReason": newest["metadata"]["annotations"]["image.kpack.io/reason"],
            "conditions": [builders.ready(reason="UpToDate", lastTransitionTime=builds.now())]}}, namespace, status=True)
    return made
