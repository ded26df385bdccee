"""A small stand-in for Concourse that keeps the rules a resource must live with, and nothing of its scale.

It reads a pipeline as fly does, runs check, in and out as programs in directories that are new each time, and keeps:
the order of versions, `passed` and `trigger` (a version that a job has used never triggers it again), the implicit get
after a put, the cache of gets (type image, source, version, params), the metadata of the last get, an aborted step's
SIGTERM and, ten seconds later, SIGKILL; load_var, across and set_pipeline with instance vars.

    concourse = Concourse(work, types={"build-service": HostPrograms(programs)})
    pipeline = concourse.set_pipeline(yaml_path, vars={"uri": ...})
    pipeline.check("source")
    build = pipeline.run_job("build")
"""

from support.concourse.build import Build, BuildFailed, Step
from support.concourse.config import PipelineError, read_pipeline
from support.concourse.container import HostPrograms, ResourceError, RootDirectory
from support.concourse.concourse import Concourse, Observer, Pipeline
from support.concourse.history import History, SavedVersion

__all__ = [
    "Build",
    "BuildFailed",
    "Concourse",
    "History",
    "HostPrograms",
    "Observer",
    "Pipeline",
    "PipelineError",
    "ResourceError",
    "RootDirectory",
    "SavedVersion",
    "Step",
    "read_pipeline",
]
