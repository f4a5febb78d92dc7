"""The parts as a bill of materials: CycloneDX 1.6, JSON, the same bytes from the same lock files and environment.

It holds no time, no place and no address: whoever reads it finds a package by its name, version and hashes. A hash is
of one of a package's files (wheels and source), as locked; of a package for another system no licence is known.
"""

import json
import uuid
from collections.abc import Iterable
from hashlib import sha256

from tests.supply.locks import Licence, Part, Supply

SPEC = "1.6"


def bom(supply: Supply) -> str:
    """The document, with a newline at its end."""
    root = f"pkg:generic/{supply.name}@{supply.version}"
    body = {
        "metadata": {
            "component": {
                "type": "application", "bom-ref": root, "name": supply.name, "version": supply.version,
                "licenses": [{"expression": supply.licence}],
            }
        },
        "components": [_component(part) for part in supply.parts],
        "dependencies": [
            {"ref": root, "dependsOn": refs(supply, supply.asked)},
            *({"ref": ref(part), "dependsOn": refs(supply, part.needs)} for part in supply.parts),
        ],
    }  # fmt: skip
    digest = sha256(json.dumps(body, sort_keys=True).encode()).digest()
    head = {"bomFormat": "CycloneDX", "specVersion": SPEC, "serialNumber": uuid.UUID(bytes=digest[:16], version=4).urn}
    return json.dumps({**head, "version": 1, **body}, indent=1, ensure_ascii=False) + "\n"


def ref(part: Part) -> str:
    """The package's own name among all packages: a purl."""
    return f"pkg:pypi/{part.name}@{part.version}"


def refs(supply: Supply, names: Iterable[str]) -> list[str]:
    return sorted(ref(part) for name in names for part in supply.named(name))


def _component(part: Part) -> dict[str, object]:
    found: dict[str, object] = {
        "type": "library", "bom-ref": ref(part), "name": part.name, "version": part.version,
        "scope": "required" if part.runs else "excluded", "purl": ref(part),
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in part.hashes],
    }  # fmt: skip
    return found | ({"licenses": licences} if (licences := _licences(part.licence)) else {})


def _licences(licence: Licence) -> list[dict[str, object]]:
    if licence.expression:
        return [{"expression": licence.expression}]
    return [{"license": {"name": licence.name}}] if licence.name else []
