"""A GPU that answers at once: the time of a kernel is a number made from its shape."""

import os
import sys

TOOLS = os.environ.get("HEADROOM_TOOLS") or os.path.join(
    os.path.dirname(__file__), "..", "..", "tools")
sys.path.insert(0, TOOLS)

import profile_gpu  # noqa: E402
import profile_gpu_grid as grid  # noqa: E402
import profile_gpu_kernels as kernels  # noqa: E402


class FakeGpu:
    def __init__(self, gpus=1, name="Fake GPU 80GB", fail=None, stop_after=None):
        self.count, self.name = gpus, name
        self.fail = fail or (lambda kind, row: None)  # a reason to skip, or a time to give
        self.stop_after = stop_after
        self.asked = []

    def gpus(self):
        return self.count

    def machine(self):
        return {"gpu": self.name, "torch": "9.9", "driver": "two\nlines,  and a comma"}

    def measure(self, kind, rows, repeats, emit):
        for row in rows:
            if self.stop_after is not None and len(self.asked) >= self.stop_after:
                raise KeyboardInterrupt
            self.asked.append((kind, row))
            answer = self.fail(kind, row)
            if isinstance(answer, str):
                emit(row, None, answer)
            else:
                emit(row, grid.estimated_ms(kind, row) if answer is None else answer, "")


__all__ = ["FakeGpu", "grid", "kernels", "profile_gpu"]
