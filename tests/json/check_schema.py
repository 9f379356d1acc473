"""The schema writer, judged by python3-jsonschema.

Usage: check_schema.py SCHEMA_EXAMPLE_BINARY. The schema must be valid by its meta-schema, and must
accept and refuse the same documents as the decoder. Exits 77 (skipped) without python3-jsonschema.
"""
import copy
import json
import subprocess
import sys

try:
    import jsonschema
    validator_class = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("skipped: python3-jsonschema (4.0 or later) is not installed")
    sys.exit(77)

BASE = {
    "$schema": "x", "start": "2025-03-31T00:00:00Z", "horizon": "1h30min", "rate": "1.2M/h",
    "max_s": 2.5, "tags": ["a"],
    "pools": [{"name": "a100", "gpus": 16, "provisioning": "5min", "memory": "80GiB"}],
    "classes": [{"name": "chat", "output_tokens": 250, "patience": "120s"},
                {"name": "image", "output_tokens": {"kind": "lognormal", "mean": 1056}}],
    "models": {"m": {"layers": 3}}, "engine": {"max_batch": 64}, "faults": {"mtbf": "30d"},
}


def changed(path, value):
    """BASE with one value put at a path; None removes."""
    document = copy.deepcopy(BASE)
    at = document
    for part in path[:-1]:
        at = at[part]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


tokens = ["classes", 1, "output_tokens"]
CASES = [  # path, value, valid
    (["horizon"], "90s", True), (["horizon"], "1 h 30 min", True), (["horizon"], "1.5h", True),
    (["horizon"], 90, False), (["horizon"], "90", False), (["horizon"], "90 apples", False),
    (["horizon"], "-5s", False), (["horizon"], "1month", False), (["horizon"], None, False),
    (["horizon_s"], 90, False),  # given twice
    (["max_s"], "3s", True), (["max_s"], 0, False), (["max_s"], True, False),
    (["rate"], "3/week", True), (["rate"], "5B/day", True), (["rate"], "12", False),
    (["start"], "12h", True), (["start"], "2025-03-31", True), (["start"], "yesterday", False),
    (["start"], 12, False),
    (["tags"], [1], False), (["tags"], [], True),
    (["pools"], [], False), (["pools"], None, False), (["pools", 0, "gpus"], 0, False),
    (["pools", 0, "gpus"], 1.5, False), (["pools", 0, "gpus"], "8", False),
    (["pools", 0, "gpus"], None, False), (["pools", 0, "gpu"], "H100-SXM-80GB", True),
    (["pools", 0, "gpu"], "H100", False), (["pools", 0, "memory"], "80", False),
    (["pools", 0, "spot"], "yes", False), (["pools", 0, "colour"], "red", False),
    (tokens, {"kind": "lognormal", "mean": 5, "cv": 0}, True),
    (tokens, {"kind": "lognormal", "cv": 0}, False),
    (tokens, {"kind": "constant", "value": 5}, True), (tokens, {"value": 5}, True),
    (tokens, {"kind": "constant", "value": 5, "cv": 1}, False), (tokens, {"mean": 5}, False),
    (tokens, {"kind": "empirical", "samples": [1, 2]}, True),
    (tokens, {"kind": "empirical", "samples": [1, 0]}, False),
    (tokens, {"kind": "normal"}, False), (tokens, {}, False), (tokens, "250", False),
    (["classes", 0, "prompt_tokens"], {"kind": "empirical", "samples": [1, 2]}, True),
    (["classes", 0, "prompt_tokens"], {"kind": "empirical"}, False),
    (["classes", 0, "prompt_tokens"], {"value": 5, "colour": "red"}, False),
    (["classes", 0, "patience"], {"mean": "2min"}, True), (["classes", 0, "patience"], 2, False),
    (["classes", 0, "patience"], {"mean_s": 120}, True),
    (["classes", 0, "patience"], {}, False),
    (["classes", 1, "patience_s"], 120, True), (["classes", 0, "patience_s"], 120, False),
    (["models", "m", "layers"], 0, False), (["models", "m"], 3, False), (["models"], {}, True),
    (["engine"], {}, True), (["engine", "utilisation"], 1.01, False),
    (["faults"], {}, False), (["faults"], None, True), (["faults"], {"mtbf_s": 5}, True),
    (["unknown"], 1, False),
]

documents = [BASE] + [changed(path, value) for path, value, _ in CASES]
expected = [True] + [valid for _, _, valid in CASES]
renamed = copy.deepcopy(BASE)
del renamed["horizon"]
documents.append({**renamed, "horizon_s": 5400})
expected.append(True)

lines = "".join(json.dumps(document) + "\n" for document in documents)
output = json.loads(subprocess.run([sys.argv[1]], input=lines, text=True, check=True,
                                   stdout=subprocess.PIPE).stdout)
schema = output["schema"]
validator_class.check_schema(schema)
validator = validator_class(schema)
failures = 0
for document, valid, decoded in zip(documents, expected, output["decoded"], strict=True):
    by_schema = validator.is_valid(document)
    if by_schema != valid or decoded["valid"] != valid:
        failures += 1
        print(f"expected {valid}, schema {by_schema}, decoder {decoded['valid']}: {document}")
print(f"{len(documents)} documents, {failures} judged wrongly")
sys.exit(1 if failures else 0)
