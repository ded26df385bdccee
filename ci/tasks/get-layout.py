"""Prints the request by which `in` brings an image as an OCI layout. Usage: get-layout.py REPOSITORY DIGEST"""

import json
import os
import sys

repository, digest = sys.argv[1:]
source = {"repository": repository, "tag": "candidate"}
if os.environ.get("REGISTRY_USERNAME"):
    source |= {"username": os.environ["REGISTRY_USERNAME"], "password": os.environ["REGISTRY_PASSWORD"]}
json.dump({"source": source, "version": {"tag": "candidate", "digest": digest}, "params": {"format": "oci-layout"}}, sys.stdout)
