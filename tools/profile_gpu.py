#!/usr/bin/env python3
"""Measures the kernels of an inference engine on your GPU and writes what `headroom fit` reads.

    python3 profile_gpu.py --dry-run              what would be measured, and for how long
    python3 profile_gpu.py --out my-gpu           measures; one CSV file a kind
    python3 profile_gpu.py --out my-gpu --resume  goes on after an interruption
    headroom fit my-gpu/gemm.csv ... --gpu NAME   docs/calibrate-your-gpu.md has the rest

Needs Python 3.9 and PyTorch with CUDA, nothing else; profile_gpu_grid.py and
profile_gpu_kernels.py lie beside it. A kernel is timed by CUDA events around a CUDA
graph that holds many calls of it, so launches are not in the numbers. Weights and KV caches are
cycled over copies, and a buffer larger than the last-level cache is written before each replay, so
that they come from device memory as in a server. The value is the median of the repeats.
"""

import argparse
import datetime
import math
import os
import sys
import time

from profile_gpu_grid import BETWEEN_GPUS, COLUMNS, DTYPES, KINDS, estimated_seconds, plan
from profile_gpu_kernels import TorchBackend, Unavailable

FORMAT = 1


class BadFile(Exception):
    """An output file is in the way or not ours."""


def comment(text):
    return "# " + " ".join(str(text).split())


class CsvFile:
    """One kind's file. It is always whole on disk: a new version is written beside it and renamed.
    """

    def __init__(self, path, kind, machine, resume):
        self.path = path
        self.columns = COLUMNS[kind]
        self.measured = ("latency_ms", "runs") if kind == "collectives" else ("latency_ms",)
        self.header = [comment(f"headroom profile_gpu {FORMAT}: {kind}")]
        self.header += [comment(f"{key}: {value}") for key, value in machine.items()]
        self.lines, self.skipped, self.done = [], [], set()
        self.changed = time.monotonic()
        self.machine = {key: machine.get(key, "") for key in ("gpu", "heated")}
        if os.path.exists(path):
            if not resume:
                raise BadFile(f"{path} exists; --resume goes on with it, --out takes another folder")
            self._read()

    def _read(self):
        with open(self.path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        was = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
        if was.get("gpu") != " ".join(self.machine["gpu"].split()):
            raise BadFile(f"{self.path} was measured on {was.get('gpu', 'an unknown GPU')}, "
                          f"this is {self.machine['gpu']}")
        if was.get("heated", "") != self.machine["heated"]:
            raise BadFile(f"{self.path} was measured with another --hot")
        rows = [line for line in lines if line and not line.startswith("#")]
        if not rows or rows[0] != ",".join(self.columns + self.measured):
            raise BadFile(f"{self.path} has other columns than this version writes")
        # What was skipped is tried again; when and with what the first part was measured stays.
        self.header = [line for line in lines[: lines.index(rows[0])]]
        for row in rows[1:]:
            self.lines.append(row)
            self.done.add(tuple(row.split(",")[: len(self.columns)]))

    def has(self, row):
        return tuple(str(v) for v in row) in self.done

    def add(self, row, latency_ms, runs):
        fields = [str(v) for v in row] + [f"{latency_ms:.6g}"]
        if "runs" in self.measured:
            fields.append(str(runs))
        self.lines.append(",".join(fields))
        self.done.add(tuple(str(v) for v in row))
        if time.monotonic() - self.changed > 5:
            self.write()

    def skip(self, row, reason):
        shape = " ".join(f"{c}={v}" for c, v in zip(self.columns, row))
        self.skipped.append(comment(f"skipped {shape}: {reason}"))

    def write(self):
        text = self.header + [",".join(self.columns + self.measured)] + self.lines + self.skipped
        beside = f"{self.path}.part"
        with open(beside, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)
        self.changed = time.monotonic()


def words(known, plural):
    def read(text):
        chosen = []
        for word in text.split(","):
            word = word.strip()
            if word not in known:
                raise argparse.ArgumentTypeError(
                    f"unknown {plural} \"{word}\"; there are {', '.join(known)}")
            value = known[word] if isinstance(known, dict) else word
            if value not in chosen:
                chosen.append(value)
        return chosen
    return read


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"\"{text}\" is no positive whole number")
    return int(text)


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 60:
        raise argparse.ArgumentTypeError(f"\"{text}\" is no number of seconds up to 60")
    return value


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        prog="profile_gpu.py", description=__doc__.splitlines()[0],
        epilog="Exit codes: 0 done, 1 nothing could be measured, 2 bad arguments, 3 no GPU or a "
               "file in the way, 130 interrupted.")
    parser.add_argument("--out", default="gpu-profile", metavar="DIR", help="folder for the files")
    parser.add_argument("--kinds", type=words(KINDS, "kind"), default=list(KINDS), metavar="LIST",
                        help="of " + ", ".join(KINDS))
    parser.add_argument("--dtype", type=words(DTYPES, "data type"), default=["bfloat16"],
                        metavar="LIST", help="of bf16, fp16, fp8, int8; narrow ones for gemm alone")
    parser.add_argument("--quick", action="store_true", help="a coarse grid, minutes not hours")
    parser.add_argument("--repeats", type=positive, metavar="N", help="replays timed (7; quick 3)")
    parser.add_argument("--hot", type=seconds, metavar="S",
                        help="run each kernel for S seconds before it is timed, as a busy server "
                             "does: clocks fall (1 settles them)")
    parser.add_argument("--device", type=int, default=0, metavar="N", help="CUDA device")
    parser.add_argument("--gpus", type=positive, default=8, metavar="N",
                        help="most GPUs that collectives use, of those there are")
    parser.add_argument("--resume", action="store_true",
                        help="keep what the files hold and measure what is missing")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and its time")
    return parser.parse_args(argv)


def duration(seconds):
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def print_plan(planned, repeats, hot, out):
    total = 0.0
    print(f"{'kind':20}{'rows':>8}{'time':>10}", file=out)
    for kind, rows in planned:
        time_s = estimated_seconds(kind, rows, repeats) + len(rows) * hot
        total += time_s
        note = "" if rows else "  (no data type or no second GPU for it)"
        print(f"{kind:20}{len(rows):8}{duration(time_s):>10}{note}", file=out)
    count = sum(len(rows) for _, rows in planned)
    print(f"{'in all':20}{count:8}{duration(total):>10}\n"
          "Times are guessed for an A100; small GPUs take longer.", file=out)


def measure_kind(backend, kind, rows, path, machine, args, repeats):
    """(rows measured, rows skipped)."""
    file = CsvFile(path, kind, machine, args.resume)
    missing = [row for row in rows if not file.has(row)]
    counts = {"measured": 0, "skipped": 0}

    def emit(row, latency_ms, reason):
        if latency_ms is not None and not (math.isfinite(latency_ms) and latency_ms > 0):
            latency_ms, reason = None, f"the timer gave {latency_ms}"
        if latency_ms is None:
            file.skip(row, reason)
            counts["skipped"] += 1
            print(f"{kind}: {' '.join(map(str, row))}: skipped: {reason}", file=sys.stderr)
        else:
            file.add(row, latency_ms, repeats)
            counts["measured"] += 1

    print(f"{kind}: {len(missing)} rows to measure, {len(rows) - len(missing)} kept",
          file=sys.stderr)
    try:
        if missing:
            backend.measure(kind, missing, repeats, emit)
    finally:
        if file.lines or file.skipped:
            file.write()
    return counts["measured"] + len(rows) - len(missing), counts["skipped"]


def main(argv=None, backend=None):
    args = parse_arguments(argv)
    repeats = args.repeats or (3 if args.quick else 7)
    if args.dry_run:
        print_plan(plan(args.kinds, args.dtype, args.quick, args.gpus), repeats,
                   args.hot or 0.0, sys.stdout)
        return 0
    try:
        backend = backend or TorchBackend(args.device, args.hot or 0.0)
        planned = plan(args.kinds, args.dtype, args.quick, min(args.gpus, backend.gpus()))
        machine = dict(backend.machine())
        machine["date"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        machine["method"] = f"CUDA graph replay, median of {repeats}, copies beyond the cache"
        os.makedirs(args.out, exist_ok=True)
        measured = skipped = 0
        for kind, rows in planned:
            if not rows:
                continue
            path = os.path.join(args.out, f"{kind}.csv")
            if args.hot and kind not in BETWEEN_GPUS:
                machine["heated"] = f"{args.hot:g} s before each row"
            else:
                machine.pop("heated", None)
            done, left = measure_kind(backend, kind, rows, path, machine, args, repeats)
            measured, skipped = measured + done, skipped + left
    except KeyboardInterrupt:
        print("interrupted; --resume goes on from here", file=sys.stderr)
        return 130
    except (Unavailable, BadFile, OSError) as error:
        print(f"profile_gpu.py: {error}", file=sys.stderr)
        return 3
    print(f"{measured} rows in {args.out}, {skipped} skipped", file=sys.stderr)
    return 0 if measured else 1


if __name__ == "__main__":
    sys.exit(main())
