"""Kubeconfig files as people have them.

    config = kubeconfig(server.address, server.ca, token_user("..."), namespace="ns")    # a document; text: as_yaml(config)
    merged("staging", staging=config, production=other)                                  # several contexts, one current
"""

import base64
import pathlib

import yaml


def kubeconfig(address: str, ca: pathlib.Path | None, user: dict, *, namespace: str = "", name: str = "tests",
               **cluster) -> dict:
    """Cluster, user and context of one name. ca None: no CA is given; `cluster` adds fields, with _ for -:
    insecure_skip_tls_verify=True, tls_server_name="...", proxy_url="...", server="https://other"."""
    document = {"server": f"https://{address}"}
    if ca is not None:
        document["certificate-authority-data"] = encoded(ca)
    document |= {field.replace("_", "-"): value for field, value in cluster.items()}
    context = {"cluster": name, "user": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": document}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name,
    }


def token_user(token: str) -> dict:
    return {"token": token}


def token_file_user(path: pathlib.Path) -> dict:
    return {"tokenFile": str(path)}


def certificate_user(certificate: pathlib.Path, key: pathlib.Path) -> dict:
    return {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}


def exec_user(command: str = "gke-gcloud-auth-plugin", *arguments: str) -> dict:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": list(arguments),
                     "interactiveMode": "Never"}}


def auth_provider_user(name: str = "oidc") -> dict:
    return {"auth-provider": {"name": name, "config": {"id-token": "x"}}}


def merged(current: str, **configs: dict) -> dict:
    """One file of several, whose entries get the given names."""
    whole = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": [], "current-context": current}
    for name, config in configs.items():
        whole["clusters"].append({**config["clusters"][0], "name": name})
        whole["users"].append({**config["users"][0], "name": name})
        context = {**config["contexts"][0]["context"], "cluster": name, "user": name}
        whole["contexts"].append({"name": name, "context": context})
    return whole


def as_yaml(config: dict) -> str:
    return yaml.safe_dump(config, sort_keys=False)


def encoded(path: pathlib.Path) -> str:
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()
