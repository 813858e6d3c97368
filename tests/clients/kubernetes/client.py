"""Holds Kubernetes manifests against the schemas that Kubernetes publishes, strictly.

    python client.py <version of Kubernetes> <folder>

Prints one line of JSON: for each resource of each `manifests.yaml` below the folder its kind and name, and what is wrong.
"""

import json
import pathlib
import sys

import kubernetes_validate
import yaml

version, folder = sys.argv[1:]
outcomes = []
for path in sorted(pathlib.Path(folder).rglob("manifests.yaml")):
    for resource in yaml.safe_load_all(path.read_text()):
        outcome = {"file": f"{path.parent.name}/{path.name}", "resource": resource}
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            outcome["wrong"] = f"{'.'.join(map(str, error.path))}: {error.message}"
        outcomes.append(outcome)
print(json.dumps(outcomes))
