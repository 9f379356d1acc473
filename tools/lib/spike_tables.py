"""Prints one generated table of docs/spike.md: python3 spike_tables.py HEADROOM TABLE [A100.json]

The tables are hours, cells, changes and users; each row is a run of the shipped scenario with the
settings that stand beside it. A fifth, gpus, is what a plan of the shipped scenario says of its
uncertain inputs. As many rows run at a time as there are cores. A100.json is a kernel
file of the measured kernels as tables; without it the row about them is left out.
"""

import concurrent.futures
import copy
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SPIKE = os.path.join(ROOT, "scenarios", "image-generation-spike.json")
QUIET = os.path.join(ROOT, "scenarios", "chat-baseline.json")
# Targets, provenance and uncertain inputs name windows and pools: they go with them.
BARE = {"targets": [], "provenance": {}, "uncertain": [], "plan": {}}
CHAT = ("chat-paid", "chat-free")
IMAGES = ("image-paid", "image-free")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.loads("\n".join(line for line in file.read().splitlines()
                                    if not line.lstrip().startswith("//")))


def hour(day, at):
    return {"name": f"{day}-{at:02}", "from": f"{day}T{at:02}:00:00Z",
            "to": f"{day}T{at + 1:02}:00:00Z"}


def prepared(path, windows, change=None, part_of_day=False):
    scenario = load(path)
    scenario.update(copy.deepcopy(BARE), windows=[hour(*w) for w in windows])
    if part_of_day:
        scenario["time"].update(start="2025-04-01T10:00:00Z", duration="8h")
    if change:
        change(scenario)
    return scenario


class Result:
    def __init__(self, scenario, replications):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "spike.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(scenario, file)
            done = subprocess.run([sys.argv[1], "run", path, "-n", str(replications), "-q", "-j",
                                   "1", "--json"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        self.report = json.loads(done.stdout)

    def group(self, metric, name, window):
        return self.report["metrics"][metric]["by_window"]["{}-{:02}".format(*window)][
            "by_class"][name]

    def mean(self, name, window, interval=True, metric="e2e_s"):
        group = self.group(metric, name, window)
        text = seconds(group["mean"])
        bounds = group["ci"].get("mean")
        if interval and bounds:
            text += " [{}, {}]".format(*(seconds(bound) for bound in bounds))
        return text

    def lost(self, name, window):
        """Of the requests that arrived in that hour and were not refused, those that gave up."""
        group = self.group("e2e_s", name, window)
        gone = group["missing"]["abandoned"]
        return percent(gone / (gone + group["count"]))

    def refused(self, name, window):
        group = self.group("e2e_s", name, window)
        refused = group["missing"]["rejected"]
        return percent(refused / (refused + group["missing"]["abandoned"] + group["count"]))


def seconds(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def percent(share):
    if share == 0:
        return "-"
    return f"{100 * share:.0f} %" if share >= 0.0095 else f"{100 * share:.1g} %"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*names):
    row(*names)
    row(*["---"] * len(names))


def results(*runs):
    """Of (scenario, replications) each, in order."""
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as crew:
        yield from crew.map(lambda run: Result(*run), runs)


def classes(scenario, names):
    return [c for c in scenario["classes"] if c["name"] in names]


def hours():
    day = "2025-04-01"
    # Worked out hour by hour before the scenario was written: page, Simulated and expected.
    expected = ((("2025-03-31", 14), "31 March 14", 13, 64),
                (("2025-03-31", 17), "31 March 17 (sign-ups)", 10, 52),
                ((day, 12), "1 April 12", 15, 78), ((day, 13), "1 April 13", 27, 137),
                ((day, 14), "1 April 14", 49, 240), ((day, 16), "1 April 16", 15, 76))
    quiet = ("2025-03-24", 14)
    quiet_day, spike = results((prepared(QUIET, [quiet]), 10),
                               (prepared(SPIKE, [window for window, *_ in expected]), 10))
    head("UTC", "chat expected", "chat simulated", "image expected", "image simulated")
    row("24 March 14 (quiet)", 9, quiet_day.mean("chat-free", quiet), "", "")
    for window, label, chat, image in expected:
        row(label, chat, spike.mean("chat-free", window), image, spike.mean("image-paid", window))


def cells():
    at12, at14 = ("2025-04-01", 12), ("2025-04-01", 14)
    grains = ((3125, 10), (625, 3), (125, 2), (25, 1))

    def grain(count):
        return lambda scenario: scenario["fleet"]["cells"].update(count=count)
    head("cells", "replicas in one", "replications", "chat 12 UTC", "chat 14 UTC", "image 14 UTC",
         "chat queued 14 UTC, p95")
    for (count, replications), answer in zip(grains, results(*(
            (prepared(SPIKE, [at12, at14], grain(count), True), n) for count, n in grains))):
        queued = answer.group("queue_delay_s", "chat-free", at14)["p95"]
        row(f"{count:,}", 3125 // count, replications, answer.mean("chat-free", at12, False),
            answer.mean("chat-free", at14), answer.mean("image-free", at14), f"{queued:.2g}")


def pool(scenario):
    return scenario["fleet"]["pools"][0]


def hits(share):
    def change(scenario):
        for c in classes(scenario, CHAT):
            c["prefix_hit_share"] = share
    return change


def busier(scenario):
    for c in classes(scenario, CHAT):
        c["rate"]["base"] = {"170M/day": "187M/day", "830M/day": "913M/day"}[c["rate"]["base"]]


def flatter(scenario):
    for c in classes(scenario, CHAT):
        c["rate"]["profile"]["amplitude"] = 0.5


def image_tokens(count):
    def change(scenario):
        for c in classes(scenario, IMAGES):
            c["stages"][0]["output_tokens"] = count
    return change


def no_decoder(scenario):
    for c in classes(scenario, IMAGES):
        del c["stages"][1]


def batching(**settings):
    return lambda scenario: pool(scenario)["batching"].update(settings)


def of_pool(**settings):
    return lambda scenario: pool(scenario).update(settings)


def decoder_pool(scenario):
    """22,000 GPUs make tokens; 3,000 decode, 1.25 seconds an image each."""
    pool(scenario)["gpus"] = 22000
    scenario["fleet"]["cells"]["count"] = 250
    scenario["fleet"]["pools"].append(
        {"name": "decoder", "gpus": 3000, "service_time": {"kind": "constant", "value": "1.25s"}})
    for c in classes(scenario, IMAGES):
        c["stages"][1] = {"pool": "decoder"}


def image_pool(scenario):
    """Chat on 20,000 GPUs, images on 5,000."""
    images = copy.deepcopy(pool(scenario))
    pool(scenario)["gpus"] = 20000
    images.update(name="images", gpus=5000)
    scenario["fleet"]["pools"].append(images)
    for c in classes(scenario, IMAGES):
        for stage in c["stages"]:
            stage["pool"] = "images"


def changes():
    at12, at14 = ("2025-04-01", 12), ("2025-04-01", 14)
    tried = [
        ("as shipped", None),
        ("prefix hits 70 %", hits(0.7)), ("prefix hits 37 %", hits(0.37)),
        ("prefix hits none", hits(0)),
        ("1.1 B messages a day", busier),
        ("swing of the day halved (`amplitude` 0.5)", flatter),
        ("batch at most 512", batching(max_batch=512)),
        ("batch at most 256", batching(max_batch=256)),
        ("token budget 2,048", batching(token_budget=2048)),
        ("images of 272 tokens", image_tokens(272)),
        ("images of 4,160 tokens", image_tokens(4160)),
        ("no pixel decoder", no_decoder),
        ("a decoder pool of its own, 22,000 + 3,000 GPUs", decoder_pool),
        ("images on 5,000 GPUs of their own", image_pool),
        *((f"`server_factor` {factor}", of_pool(server_factor=factor))
          for factor in (1.0, 1.05, 1.1, 1.2, 1.25)),
        *((f"{gpus:,} GPUs", of_pool(gpus=gpus)) for gpus in (30000, 35000, 40000))]
    if len(sys.argv) > 3:
        tried.append(("the measured A100 tables for the fitted forms",
                      of_pool(family="table", kernel_file=os.path.abspath(sys.argv[3]))))
    head("change", "chat 12", "chat 14", "image 14", "lost of chat 14", "lost of image 14")
    runs = [(prepared(SPIKE, [at12, at14], change, True), 3) for _, change in tried]
    for (label, _), answer in zip(tried, results(*runs)):
        row(label, *(answer.mean(c, w, False) for c, w in (
            ("chat-free", at12), ("chat-free", at14), ("image-free", at14))),
            answer.lost("chat-free", at14), answer.lost("image-free", at14))


def quota(wanted):
    def change(scenario):
        classes(scenario, ("image-free",))[0]["quota"] = {
            "per_day": 3, "requests_per_user": {"kind": "lognormal", "mean": wanted, "cv": 1.5}}
    return change


def retries(scenario):
    for c in scenario["classes"]:
        c["retry"] = {"max_attempts": 3, "backoff": "10s", "max_backoff": "2min", "jitter": 0.5}


def both(first, second):
    def change(scenario):
        first(scenario)
        second(scenario)
    return change


def users():
    at = ("2025-04-01", 14)
    small = batching(max_batch=256)
    tried = (
        ("as shipped", None, False), ("at most 2 retries", retries, False),
        ("3 free images a day, users want 2", quota(2), False),
        ("**3 free images a day, users want 4**", quota(4), False),
        ("3 free images a day, users want 8", quota(8), False),
        ("batch at most 256", small, True),
        ("batch at most 256, at most 2 retries", both(small, retries), True),
        ("prefix hits none", hits(0), True),
        ("prefix hits none, at most 2 retries", both(hits(0), retries), True))
    head("change", "chat 14", "image 14", "refused of image-free 14", "lost of chat 14")
    runs = [(prepared(SPIKE, [at], change, part), 3) for _, change, part in tried]
    for (label, _, _), answer in zip(tried, results(*runs)):
        row(label, answer.mean("chat-free", at), answer.mean("image-free", at),
            answer.refused("image-free", at), answer.lost("chat-free", at))


def gpus():
    done = subprocess.run([sys.argv[1], "plan", SPIKE, "--tornado", "--worlds", "10", "-q", "--json"],
                          capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    report = json.loads(done.stdout)
    tornado = report["tornado"]

    def needed(end):
        if end["below_floor"]:
            return "no fleet"
        return f"{'' if end['found'] else 'more than '}{end['gpus']:,}"

    print(f"As stated, by the same rule: {tornado['stated_gpus']:,} GPUs, in steps of "
          f"{tornado['step_gpus']:,}.\n")
    head("input", "low", "GPUs needed", "high", "GPUs needed")
    for of in tornado["rows"]:
        low, high = of["low"], of["high"]
        row(of["input"], low["values"][0], needed(low), high["values"][0], needed(high))
    worlds = report["worlds"]
    print(f"\nTen worlds: {worlds['headline']}.")
    print(f"\n{worlds['search']['requests'] / 1e6:.0f} million requests were simulated for the worlds, "
          f"{tornado['search']['requests'] / 1e6:.0f} million for the table; with the plan "
          f"{report['run']['wall_s']:.0f} s on {report['run']['threads']} threads.")


if __name__ == "__main__":
    {"hours": hours, "cells": cells, "changes": changes, "users": users,
     "gpus": gpus}[sys.argv[2]]()
