"""Every schema that headroom prints against the meta-schema, and every scenario, template, report
and baseline of the project against its schema, by python3-jsonschema.

Usage: check_shipped.py HEADROOM ROOT. Exits 77 (skipped) without python3-jsonschema.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
    validator_class = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("skipped: python3-jsonschema (4.0 or later) is not installed")
    sys.exit(77)

HEADROOM, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
failures = 0
judged = 0


def headroom(*arguments):
    return subprocess.run([HEADROOM, *arguments], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def without_comments(text):
    return COMMENT.sub(lambda match: match.group(1) or "", text)


def fail(message):
    global failures
    failures += 1
    print(message)


def judge(validator, name, document):
    """`document` must be valid, and must not be with a field nobody knows, or as a list."""
    global judged
    judged += 1
    for error in list(validator.iter_errors(document))[:5]:
        fail(f"{name}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    if validator.is_valid({**document, "no_such_field": 1}):
        fail(f"{name}: is valid with an unknown field as well")
    if validator.is_valid([document]):
        fail(f"{name}: is valid as a list as well")


validators = {}
for what in ("scenario", "report", "plan", "baseline", "kernel-model"):
    schema = json.loads(headroom("schema", what))
    validator_class.check_schema(schema)
    validators[what] = validator_class(schema)

scenarios = sorted((ROOT / "scenarios").glob("*.json"))
for path in scenarios:
    document = json.loads(without_comments(path.read_text(encoding="utf-8")))
    judge(validators["scenario"], path.name, document)
    if document["$schema"] != validators["scenario"].schema["$id"].rsplit("/", 1)[-1]:
        fail(f"{path.name}: $schema is {document['$schema']}: no editor would find it")
templates = [line.split()[0] for line in headroom("init").splitlines()]
for name in templates:
    judge(validators["scenario"], f"template {name}",
          json.loads(without_comments(headroom("init", name))))

with tempfile.TemporaryDirectory() as folder:
    erlang = str(ROOT / "scenarios" / "erlang-c.json")
    report = json.loads(headroom("run", erlang, "-n", "3", "--json"))
    judge(validators["report"], "report of erlang-c", report)
    shop = str(ROOT / "scenarios" / "small-image-shop.json")
    judge(validators["report"], "report of small-image-shop",
          json.loads(headroom("run", shop, "-n", "3", "--json")))
    judge(validators["plan"], "plan of erlang-c",
          json.loads(headroom("plan", erlang, "-n", "3", "--json")))
    # A report holds the scenario it was run with, all defaults written out.
    judge(validators["scenario"], "effective scenario of erlang-c",
          report["scenario"]["effective"])
    baseline = pathlib.Path(folder) / "baseline.json"
    headroom("check", erlang, "-n", "3", "--baseline", str(baseline), "--update-baseline")
    judge(validators["baseline"], "baseline of erlang-c",
          json.loads(baseline.read_text(encoding="utf-8")))

if len(scenarios) < 5 or len(templates) < 5:
    fail(f"only {len(scenarios)} scenarios and {len(templates)} templates found")
print(f"{len(validators)} schemas valid, {judged} documents judged, {failures} failures")
sys.exit(1 if failures else 0)
