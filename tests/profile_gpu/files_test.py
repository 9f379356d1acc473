import contextlib
import io
import os
import subprocess
import tempfile
import types
import unittest

from fake_gpu import FakeGpu, grid, kernels, profile_gpu


def run(*arguments, gpu=None):
    """(exit code, what it said on stdout and stderr)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = profile_gpu.main(list(arguments), gpu)
        except SystemExit as stop:
            code = stop.code
    return code, out.getvalue(), err.getvalue()


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = os.path.join(self.folder.name, "profile")

    def lines(self, kind):
        with open(os.path.join(self.out, kind + ".csv"), encoding="utf-8") as file:
            return file.read().splitlines()

    def rows(self, kind):
        return [line for line in self.lines(kind) if not line.startswith("#")][1:]


class Arguments(Folder):
    def test_unknown_words_are_refused_with_the_known_ones(self):
        for option, word in (("--kinds", "gem"), ("--dtype", "fp7")):
            code, _, err = run(option, word, "--out", self.out)
            self.assertEqual(code, 2)
            self.assertIn(f'"{word}"', err)
            self.assertIn("gemm" if option == "--kinds" else "bf16", err)

    def test_repeats_must_be_positive(self):
        self.assertEqual(run("--repeats", "0")[0], 2)

    def test_seconds_of_heat_are_a_number_in_reach(self):
        for text in ("0", "-1", "61", "soon", "nan"):
            code, _, err = run("--hot", text, "--dry-run")
            self.assertEqual(code, 2)
            self.assertIn(f'"{text}"', err)

    def test_heat_counts_in_the_time_of_the_plan(self):
        rows = len(grid.plan(["gemm"], ["bfloat16"], True, 8)[0][1])
        _, cold, _ = run("--dry-run", "--quick", "--kinds", "gemm")
        _, hot, _ = run("--dry-run", "--quick", "--kinds", "gemm", "--hot", "60")
        self.assertNotIn(f"{rows} min", cold)
        self.assertIn(f"{rows} min", hot)

    def test_dry_run_needs_neither_torch_nor_a_folder(self):
        code, out, _ = run("--dry-run", "--kinds", "gemm,moe", "--out", self.out)
        self.assertEqual(code, 0)
        counts = {line.split()[0]: int(line.split()[1]) for line in out.splitlines()[1:3]}
        self.assertEqual(counts, {k: len(r) for k, r in
                                  grid.plan(["gemm", "moe"], ["bfloat16"], False, 8)})
        self.assertFalse(os.path.exists(self.out))

    def test_without_torch_it_says_so(self):
        try:
            import torch  # noqa: F401
            self.skipTest("PyTorch is installed")
        except ImportError:
            pass
        code, _, err = run("--out", self.out)
        self.assertEqual(code, 3)
        self.assertIn("PyTorch is not installed", err)


class Files(Folder):
    def test_heated_files_say_so_and_do_not_mix_with_others(self):
        hot = ("--quick", "--kinds", "gemm", "--out", self.out, "--hot", "0.5")
        self.assertEqual(run(*hot, gpu=FakeGpu())[0], 0)
        self.assertIn("# heated: 0.5 s before each row", self.lines("gemm"))
        self.assertEqual(run(*hot, "--resume", gpu=FakeGpu())[0], 0)
        code, _, err = run(*hot[:-2], "--resume", gpu=FakeGpu())
        self.assertEqual(code, 3)
        self.assertIn("--hot", err)

    def test_nothing_between_gpus_is_heated(self):
        code, _, _ = run("--quick", "--kinds", "gemm,collectives", "--hot", "1", "--out", self.out,
                         gpu=FakeGpu(gpus=2))
        self.assertEqual(code, 0)
        self.assertFalse([line for line in self.lines("collectives") if "heated" in line])

    def test_the_reader_of_headroom_takes_every_file(self):
        reader = os.environ.get("HEADROOM_READ_KERNELS")
        if not reader:
            self.skipTest("HEADROOM_READ_KERNELS names no reader: run by ctest")
        dtypes = ["bfloat16", "float16", "fp8", "int8"]
        code, _, err = run("--quick", "--dtype", ",".join(dtypes), "--out", self.out,
                           gpu=FakeGpu(gpus=8))
        self.assertEqual(code, 0, err)
        paths = [os.path.join(self.out, kind + ".csv") for kind in grid.KINDS]
        answer = subprocess.run([reader] + paths, capture_output=True, text=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        expected = [f"{kind} {len(rows)} 0"
                    for kind, rows in grid.plan(grid.KINDS, dtypes, True, 8)]
        self.assertEqual(answer.stdout.splitlines(), expected)

    def test_the_header_says_what_was_measured_on(self):
        run("--quick", "--kinds", "gemm", "--out", self.out, gpu=FakeGpu())
        lines = self.lines("gemm")
        self.assertIn("# gpu: Fake GPU 80GB", lines)
        self.assertIn("# torch: 9.9", lines)
        self.assertIn("# driver: two lines, and a comma", lines)  # a comment keeps to its line
        self.assertTrue(any(line.startswith("# date: 20") for line in lines))
        self.assertIn("dtype,m,n,k,latency_ms", lines)

    def test_a_row_holds_the_shape_and_the_time(self):
        run("--quick", "--kinds", "gemm", "--out", self.out,
            gpu=FakeGpu(fail=lambda kind, row: 0.123456789))
        first = dict(grid.plan(["gemm"], ["bfloat16"], True, 1))["gemm"][0]
        self.assertEqual(self.rows("gemm")[0], ",".join(map(str, first)) + ",0.123457")

    def test_collectives_carry_the_number_of_runs(self):
        run("--quick", "--kinds", "collectives", "--repeats", "5", "--out", self.out,
            gpu=FakeGpu(gpus=2))
        self.assertTrue(all(row.endswith(",5") for row in self.rows("collectives")))
        self.assertTrue(any(line.endswith("latency_ms,runs") for line in self.lines("collectives")))

    def test_a_row_that_fails_is_left_out_and_said(self):
        def fail(kind, row):
            return "out of memory" if row[1] == 4096 else None
        code, _, err = run("--quick", "--kinds", "gemm", "--out", self.out, gpu=FakeGpu(fail=fail))
        self.assertEqual(code, 0)
        rows = self.rows("gemm")
        self.assertTrue(rows)
        self.assertFalse([row for row in rows if row.split(",")[1] == "4096"])
        said = [line for line in self.lines("gemm") if line.startswith("# skipped")]
        planned = dict(grid.plan(["gemm"], ["bfloat16"], True, 1))["gemm"]
        self.assertEqual(len(said), len([row for row in planned if row[1] == 4096]))
        self.assertIn("m=4096", said[0])
        self.assertTrue(said[0].endswith(": out of memory"))
        self.assertIn("skipped: out of memory", err)

    def test_a_time_that_is_none_is_left_out(self):
        for wrong in (0.0, float("nan"), float("inf"), -1.0):
            out = os.path.join(self.folder.name, str(wrong))
            code, _, err = run("--quick", "--kinds", "gemm", "--out", out,
                               gpu=FakeGpu(fail=lambda kind, row: wrong))
            self.assertEqual(code, 1)  # nothing was measured
            self.assertIn("the timer gave", err)

    def test_a_file_in_the_way_is_kept(self):
        run("--quick", "--kinds", "gemm", "--out", self.out, gpu=FakeGpu())
        before = self.lines("gemm")
        code, _, err = run("--quick", "--kinds", "gemm", "--out", self.out,
                           gpu=FakeGpu(fail=lambda kind, row: 9.0))
        self.assertEqual(code, 3)
        self.assertIn("--resume", err)
        self.assertEqual(self.lines("gemm"), before)

    def test_an_interruption_loses_nothing_and_resume_measures_the_rest(self):
        broken = FakeGpu(stop_after=10, fail=lambda kind, row: 1.0)
        code, _, err = run("--quick", "--kinds", "gemm", "--out", self.out, gpu=broken)
        self.assertEqual(code, 130)
        self.assertIn("--resume", err)
        self.assertEqual(len(self.rows("gemm")), 10)
        self.assertEqual(os.listdir(self.out), ["gemm.csv"])  # no half-written file beside it
        rest = FakeGpu(fail=lambda kind, row: 2.0)
        code, _, _ = run("--quick", "--kinds", "gemm", "--resume", "--out", self.out, gpu=rest)
        self.assertEqual(code, 0)
        planned = dict(grid.plan(["gemm"], ["bfloat16"], True, 1))["gemm"]
        self.assertEqual([row for _, row in rest.asked], planned[10:])
        self.assertEqual([row.rsplit(",", 1)[1] for row in self.rows("gemm")],
                         ["1"] * 10 + ["2"] * (len(planned) - 10))

    def test_resume_tries_again_what_was_skipped(self):
        run("--quick", "--kinds", "gemm", "--out", self.out,
            gpu=FakeGpu(fail=lambda kind, row: "busy" if row[1] == 1 else None))
        again = FakeGpu()
        run("--quick", "--kinds", "gemm", "--resume", "--out", self.out, gpu=again)
        self.assertTrue(again.asked)
        self.assertEqual({row[1] for _, row in again.asked}, {1})
        self.assertFalse([line for line in self.lines("gemm") if line.startswith("# skipped")])

    def test_resume_refuses_another_gpu_and_other_columns(self):
        run("--quick", "--kinds", "gemm", "--out", self.out, gpu=FakeGpu())
        code, _, err = run("--quick", "--kinds", "gemm", "--resume", "--out", self.out,
                           gpu=FakeGpu(name="Another GPU"))
        self.assertEqual(code, 3)
        self.assertIn("was measured on Fake GPU 80GB, this is Another GPU", err)
        path = os.path.join(self.out, "moe.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# gpu: Fake GPU 80GB\na,b\n1,2\n")
        code, _, err = run("--quick", "--kinds", "moe", "--resume", "--out", self.out,
                           gpu=FakeGpu())
        self.assertEqual(code, 3)
        self.assertIn("other columns", err)


class Torch(unittest.TestCase):
    """The backend's handling of errors, with a stand-in for PyTorch."""

    def backend(self, row_ms):
        class OutOfMemory(RuntimeError):
            pass
        cuda = types.SimpleNamespace(OutOfMemoryError=OutOfMemory, empty_cache=lambda: None)
        backend = kernels.TorchBackend.__new__(kernels.TorchBackend)
        backend.torch = types.SimpleNamespace(cuda=cuda)
        backend._row_ms = lambda kind, row, repeats: row_ms(row, OutOfMemory)
        return backend

    def test_errors_of_a_row_do_not_stop_the_others(self):
        def row_ms(row, out_of_memory):
            if row == "large":
                raise out_of_memory("CUDA out of memory. Tried to allocate 80 GiB")
            if row == "odd":
                raise RuntimeError("k must be a multiple of 16\nand more")
            if row == "old":
                raise kernels.SkipRow("needs PyTorch 2.5")
            return 1.5
        got = []
        self.backend(row_ms).measure("gemm", ["large", "odd", "old", "good"], 3,
                                     lambda *answer: got.append(answer))
        self.assertEqual(got, [("large", None, "out of memory"),
                               ("odd", None, "k must be a multiple of 16"),
                               ("old", None, "needs PyTorch 2.5"), ("good", 1.5, "")])

    def test_the_time_is_the_median_over_repeats_of_one_call(self):
        # Replays of 4 calls: warm-up ones are slow and do not count; the median of the rest does.
        times = iter([900.0] * grid.WARM_UP + [8.0, 400.0, 12.0])
        counts = {"calls": 0, "replays": 0, "flushes": 0}

        class Event:
            def __init__(self, enable_timing):
                assert enable_timing

            def record(self):
                pass

            def synchronize(self):
                pass

            def elapsed_time(self, _):
                return next(times)

        class Graph:
            def replay(self):
                counts["replays"] += 1

        stream = types.SimpleNamespace(wait_stream=lambda _: None)
        context = lambda _: contextlib.nullcontext()  # noqa: E731
        torch = types.SimpleNamespace(cuda=types.SimpleNamespace(
            Stream=lambda: stream, current_stream=lambda: stream, stream=context, graph=context,
            synchronize=lambda: None, CUDAGraph=Graph, Event=Event))

        def call():
            counts["calls"] += 1

        def flush():
            counts["flushes"] += 1
        for _ in range(grid.WARM_UP):
            next(times)  # elapsed_time is not asked for in the warm-up
        ms = kernels.time_graph(torch, [call] * 4, 3, types.SimpleNamespace(zero_=flush))
        self.assertEqual(ms, 12.0 / 4)
        self.assertEqual(counts, {"calls": 8, "replays": grid.WARM_UP + 3,
                                  "flushes": grid.WARM_UP + 3})


if __name__ == "__main__":
    unittest.main()
