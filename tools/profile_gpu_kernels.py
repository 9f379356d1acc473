"""The kernels of profile_gpu.py, by PyTorch, and how they are timed."""

import platform
import statistics
import time

from profile_gpu_grid import (BETWEEN_GPUS, BYTES, COLUMNS, PASSES, WARM_UP, calls_for, copies_for,
                              estimated_ms, expert_visits)


class Unavailable(Exception):
    """The machine cannot measure at all."""


class SkipRow(Exception):
    """One row cannot be measured; the reason is said, and the others go on."""


class TorchBackend:
    """Kernels by PyTorch on one CUDA device; collectives on several.

    Each kernel but those between GPUs runs for hot_s seconds before it is timed.
    """

    def __init__(self, device=0, hot_s=0.0):
        try:
            import torch
        except ImportError as error:
            raise Unavailable("PyTorch is not installed (pip install torch); --dry-run shows the "
                              "plan without it") from error
        if not torch.cuda.is_available():
            raise Unavailable("PyTorch sees no CUDA device (nvidia-smi should list one, and "
                              "torch.version.cuda should not be None); --dry-run shows the plan")
        if device >= torch.cuda.device_count():
            raise Unavailable(f"there is no device {device}: PyTorch sees "
                              f"{torch.cuda.device_count()}")
        self.torch, self.device, self.hot_s = torch, device, hot_s
        torch.cuda.set_device(device)
        self.properties = torch.cuda.get_device_properties(device)
        self.cache = getattr(self.properties, "L2_cache_size", 0) or 64 * 2**20
        self.flush = torch.empty(3 * self.cache, dtype=torch.int8, device="cuda")
        self.one = torch.ones((), device="cuda")

    def gpus(self):
        return self.torch.cuda.device_count()

    def machine(self):
        torch = self.torch
        p = self.properties
        return {
            "gpu": p.name,
            "memory_gib": f"{p.total_memory / 2**30:.1f}",
            "multiprocessors": p.multi_processor_count,
            "cache_mib": f"{self.cache / 2**20:.0f}",
            "capability": f"{p.major}.{p.minor}",
            "gpus": self.gpus(),
            "driver": driver_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "python": platform.python_version(),
            "host": platform.processor() or platform.machine(),
            "attention": "scaled_dot_product_attention (flash or cuDNN)",
        }

    def measure(self, kind, rows, repeats, emit):
        """emit(row, latency_ms or None, reason) once a row."""
        if kind in BETWEEN_GPUS:
            measure_between(kind, rows, repeats, emit)
            return
        for row in rows:
            try:
                emit(row, self._row_ms(kind, row, repeats), "")
            except SkipRow as reason:
                emit(row, None, str(reason))
            except self.torch.cuda.OutOfMemoryError:
                emit(row, None, "out of memory")
            except RuntimeError as error:  # a shape or format that the library does not have
                emit(row, None, str(error).splitlines()[0])
            self.torch.cuda.empty_cache()

    def _row_ms(self, kind, row, repeats):
        v = dict(zip(COLUMNS[kind], row))
        calls = calls_for(estimated_ms(kind, row))
        free, _ = self.torch.cuda.mem_get_info()
        budget = 0.4 * free
        make = getattr(self, "_" + kind)
        return time_graph(self.torch, make(v, calls, budget), repeats, self.flush,
                          self.hot_s)

    def _format(self, dtype):
        torch = self.torch
        return {"bfloat16": torch.bfloat16, "float16": torch.float16, "int8": torch.int8,
                "fp8": getattr(torch, "float8_e4m3fn", None)}[dtype]

    def _random(self, *shape, dtype="bfloat16"):
        return self.torch.randn(*shape, device="cuda", dtype=self._format(dtype)) * 0.1

    def _gemm(self, v, calls, budget):
        torch = self.torch
        m, n, k, dtype = v["m"], v["n"], v["k"], v["dtype"]
        copies = copies_for(n * k * BYTES[dtype], self.cache, calls, budget)
        if BYTES[dtype] == 2:
            x = self._random(m, k, dtype=dtype)
            weights = [self._random(n, k, dtype=dtype) for _ in range(copies)]
            return [lambda w=weights[i % copies]: torch.mm(x, w.t()) for i in range(calls)]
        if dtype == "int8":
            x = torch.randint(-9, 9, (m, k), device="cuda", dtype=torch.int8)
            weights = [torch.randint(-9, 9, (n, k), device="cuda", dtype=torch.int8)
                       for _ in range(copies)]
            return [lambda w=weights[i % copies]: torch._int_mm(x, w.t()) for i in range(calls)]
        narrow = self._format("fp8")
        if narrow is None or (self.properties.major, self.properties.minor) < (8, 9):
            raise SkipRow("no fp8 on this GPU or in this PyTorch")
        x = self._random(m, k)
        weights = [self._random(n, k).to(narrow) for _ in range(copies)]

        def product(w):  # with the narrowing of 16-bit activations, as engines call it
            return torch._scaled_mm(x.to(narrow), w.t(), scale_a=self.one, scale_b=self.one,
                                    out_dtype=torch.bfloat16)
        return [lambda w=weights[i % copies]: product(w) for i in range(calls)]

    def _attention(self, queries, caches, causal):
        torch = self.torch
        grouped = queries.shape[1] != caches[0][0].shape[1]
        version = tuple(int(x) for x in torch.__version__.split("+")[0].split(".")[:2])
        if grouped and version < (2, 5):
            raise SkipRow("grouped KV heads need PyTorch 2.5")
        extra = {"enable_gqa": True} if grouped else {}

        def call(k, v):
            return torch.nn.functional.scaled_dot_product_attention(queries, k, v,
                                                                    is_causal=causal, **extra)
        return call

    def _sequences(self, v, length, heads):
        # Engines keep tokens outermost: (batch, tokens, heads, width).
        return self._random(v["batch"], length, heads, v["head_dim"],
                            dtype=v["dtype"]).transpose(1, 2)

    def _attention_prefill(self, v, calls, budget):
        q = self._sequences(v, v["seq_len"], v["num_heads"])
        kv = [tuple(self._sequences(v, v["seq_len"], v["num_kv_heads"]) for _ in "kv")]
        call = self._attention(q, kv, causal=True)
        return [lambda: call(*kv[0])] * calls

    def _attention_encoder(self, v, calls, budget):
        q = self._sequences(v, v["seq_len"], v["num_heads"])
        kv = [tuple(self._sequences(v, v["seq_len"], v["num_heads"]) for _ in "kv")]
        call = self._attention(q, kv, causal=False)
        return [lambda: call(*kv[0])] * calls

    def _attention_decode(self, v, calls, budget):
        size = 4 * v["batch"] * v["kv_len"] * v["num_kv_heads"] * v["head_dim"]
        if size > budget:
            raise SkipRow("out of memory")
        copies = copies_for(size, self.cache, calls, budget)
        q = self._sequences(v, 1, v["num_heads"])
        caches = [tuple(self._sequences(v, v["kv_len"], v["num_kv_heads"]) for _ in "kv")
                  for _ in range(copies)]
        call = self._attention(q, caches, causal=False)
        return [lambda kv=caches[i % copies]: call(*kv) for i in range(calls)]

    def _moe(self, v, calls, budget):
        torch = self.torch
        if not hasattr(torch, "_grouped_mm"):
            raise SkipRow("this PyTorch has no grouped matrix product")
        tokens, d, f = v["num_tokens"], v["hidden_size"], v["inter_size"] // v["tp"]
        visits = expert_visits(tokens, v["topk"], v["num_experts"], v["ep"])
        experts = len(visits)
        size = 6 * experts * d * f
        if size > budget:
            raise SkipRow("out of memory")
        copies = copies_for(size, self.cache, calls, budget)
        x = self._random(tokens, d)
        index = torch.arange(sum(visits), device="cuda") % tokens
        ends = torch.tensor(visits, device="cuda").cumsum(0).to(torch.int32)
        share = torch.rand(sum(visits), 1, device="cuda", dtype=torch.bfloat16)
        weights = [(self._random(experts, 2 * f, d).transpose(1, 2),
                    self._random(experts, d, f).transpose(1, 2)) for _ in range(copies)]

        def layer(up, down):
            rows = torch._grouped_mm(x.index_select(0, index), up, offs=ends)
            gate, value = rows.chunk(2, dim=-1)
            rows = torch._grouped_mm(torch.nn.functional.silu(gate) * value, down, offs=ends)
            return torch.zeros_like(x).index_add_(0, index, rows * share)
        return [lambda w=weights[i % copies]: layer(*w) for i in range(calls)]

    def _elementwise(self, v, calls, budget):
        # No copies: in a step the kernel before has just left these numbers in the cache.
        torch = self.torch
        count = v["bytes"] // (2 * PASSES[v["kernel"]])
        x, y, z = (self._random(count, dtype=v["dtype"]) for _ in range(3))
        if v["kernel"] == "copy":
            return [lambda: z.copy_(x)] * calls
        return [lambda: torch.add(x, y, out=z)] * calls


def driver_version():
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return "unknown"


def time_graph(torch, calls, repeats, flush, hot_s=0.0):
    """Median milliseconds of one call, after hot_s seconds of nothing else."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # loads kernels and work space before the graph is recorded
        for call in calls:
            call()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for call in calls:
            call()
    cool = time.monotonic() + hot_s
    while time.monotonic() < cool:
        for _ in range(4):  # a few in the queue, so that the chip never waits for the host
            graph.replay()
        torch.cuda.synchronize()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times = []
    for i in range(WARM_UP + repeats):
        flush.zero_()  # also hides the launch of the graph behind work on the device
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        if i >= WARM_UP:
            times.append(start.elapsed_time(end) / len(calls))
    return statistics.median(times)


def measure_between(kind, rows, repeats, emit):
    """Collectives: one process a GPU for each number of GPUs."""
    import queue as queues
    import socket
    import torch
    context = torch.multiprocessing.get_context("spawn")
    for ranks in sorted({row[2] for row in rows}):
        mine = [row for row in rows if row[2] == ranks]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        answers = context.Queue()
        workers = [context.Process(target=rank_main, daemon=True,
                                   args=(r, ranks, port, kind, mine, repeats, answers))
                   for r in range(ranks)]
        for worker in workers:
            worker.start()
        for position, row in enumerate(mine):
            try:
                ms, reason = answers.get(timeout=120)
            except queues.Empty:
                for late in mine[position:]:
                    emit(late, None, "the processes did not answer for two minutes")
                break
            emit(row, ms, reason)
        for worker in workers:
            worker.join(timeout=10)
            if worker.is_alive():
                worker.terminate()


def rank_main(rank, ranks, port, kind, rows, repeats, answers):
    import torch
    import torch.distributed as dist
    torch.cuda.set_device(rank)
    dist.init_process_group("nccl", init_method=f"tcp://127.0.0.1:{port}", rank=rank,
                            world_size=ranks)
    flush = torch.empty(192 * 2**20, dtype=torch.int8, device="cuda")
    for row in rows:
        try:
            call = (symmetric_calls if kind == "custom_allreduce" else nccl_calls)(row, ranks)
            one = estimated_ms(kind, row)
            result = min(time_graph(torch, [c] * calls_for(one), repeats, flush) for c in call), ""
        except Exception as error:  # every rank meets the same one
            result = None, (str(error).splitlines() or [type(error).__name__])[0]
        dist.barrier()
        if rank == 0:
            answers.put(result)
    dist.destroy_process_group()


def nccl_calls(row, ranks):
    import torch
    import torch.distributed as dist
    op, dtype, _, size = row
    count = max(ranks, size // 2 // ranks * ranks)
    whole = torch.zeros(count, device="cuda", dtype=getattr(torch, dtype))
    part = torch.zeros(count // ranks, device="cuda", dtype=getattr(torch, dtype))
    other = torch.zeros_like(whole)
    return [{"all_reduce": lambda: dist.all_reduce(whole),
             "all_gather": lambda: dist.all_gather_into_tensor(whole, part),
             "reduce_scatter": lambda: dist.reduce_scatter_tensor(part, whole),
             "alltoall": lambda: dist.all_to_all_single(other, whole)}[op]]


def symmetric_calls(row, ranks):
    """One-shot and two-shot all-reduce over symmetric memory: an engine takes the faster."""
    import torch
    import torch.distributed as dist
    from torch.distributed import _symmetric_memory as symmetric
    _, dtype, _, size = row
    group = dist.group.WORLD.group_name
    message = symmetric.empty(max(64, size // 2), dtype=getattr(torch, dtype), device="cuda")
    message.zero_()
    symmetric.rendezvous(message, group)
    return [lambda: torch.ops.symm_mem.one_shot_all_reduce(message, "sum", group),
            lambda: torch.ops.symm_mem.two_shot_all_reduce_(message, "sum", group)]
