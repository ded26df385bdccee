"""The vars files that people copy, as they stand: tests play each pipeline with its own, other hosts in place of the example's."""

import pathlib

import yaml

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
REGISTRY = "registry.example.com"
GIT = "https://git.example.com/acme"
STAGING = "https://petclinic.staging.example.com"
KPACK = "https://kpack.example.com:6443"


def example_vars(pipeline: str, hosts: dict[str, str] | None = None) -> dict:
    """`hosts`: what stands in the file, and what is here in its place."""
    text = (PROJECT / f"pipelines/{pipeline}.vars.example.yml").read_text()
    for example, here in (hosts or {}).items():
        assert example in text, f"{pipeline}.vars.example.yml does not name {example}"
        text = text.replace(example, here)
    return yaml.safe_load(text)
