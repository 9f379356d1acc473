"""The grid of profile_gpu.py: which kernels of which shapes, and how long they take."""

import math

WARM_UP = 3
REPLAY_MS = 5.0  # a replay is made about this long, so that the events' resolution does not count
MOST_CALLS, FEWEST_CALLS = 100, 3

# The layouts of docs/model-latency.md, without the measured columns.
COLUMNS = {
    "gemm": ("dtype", "m", "n", "k"),
    "attention_prefill": ("dtype", "kv_dtype", "batch", "seq_len", "num_heads", "num_kv_heads",
                          "head_dim", "window_size"),
    "attention_decode": ("dtype", "kv_dtype", "batch", "kv_len", "num_heads", "num_kv_heads",
                         "head_dim", "window_size"),
    "attention_encoder": ("dtype", "batch", "seq_len", "num_heads", "head_dim"),
    "moe": ("dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "tp", "ep",
            "distribution", "kernel"),
    "elementwise": ("kernel", "dtype", "bytes"),
    "custom_allreduce": ("backend", "dtype", "num_gpus", "bytes"),
    "collectives": ("op", "dtype", "num_gpus", "bytes"),
}
KINDS = tuple(COLUMNS)
BETWEEN_GPUS = ("custom_allreduce", "collectives")
DTYPES = {"bf16": "bfloat16", "bfloat16": "bfloat16", "fp16": "float16", "float16": "float16",
          "fp8": "fp8", "int8": "int8"}
BYTES = {"bfloat16": 2, "float16": 2, "fp8": 1, "int8": 1}
PASSES = {"copy": 2, "add": 3}  # reads and writes of an elementwise kernel


def doublings(first, last):
    values = [first]
    while values[-1] * 2 <= last:
        values.append(values[-1] * 2)
    return values


def weight_shapes(quick):
    """(n, k) of common transformers under tensor parallelism, and squares between them."""
    shapes = set()
    # d_model, query heads, KV heads, head width, feed-forward width
    models = [(4096, 32, 8, 128, 14336), (8192, 64, 8, 128, 28672), (5120, 40, 8, 128, 25600)]
    for d, heads, kv, dim, ff in models[: 2 if quick else None]:
        for tp in (1, 4) if quick else (1, 2, 4, 8):
            kv_here = max(1, kv // tp)
            shapes.add(((heads // tp + 2 * kv_here) * dim, d))
            shapes.add((d, heads // tp * dim))
            shapes.add((2 * ff // tp, d))
            shapes.add((d, ff // tp))
    side = (1024, 4096) if quick else (512, 1024, 2048, 4096, 8192, 12288, 16384)
    shapes.update((s, s) for s in side)
    if not quick:
        shapes.add((128256, 4096))  # an LM head
        shapes.add((16032, 8192))
    return sorted(shapes)


def gemm_rows(dtype, quick):
    tokens = (1, 8, 64, 256, 1024, 4096) if quick else (
        1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
        4096, 6144, 8192)
    for n, k in weight_shapes(quick):
        for m in tokens:
            if dtype == "int8" and m <= 16:
                continue  # PyTorch's int8 product wants more than 16 rows
            if m * n > 2**30:
                continue
            yield (dtype, m, n, k)


def heads_of(quick):
    all_heads = [(32, 8, 128), (8, 1, 128), (64, 8, 128), (16, 2, 128), (4, 1, 128), (32, 32, 128)]
    return all_heads[: 2 if quick else None]


def prefill_rows(dtype, quick):
    lengths = (128, 1024, 4096) if quick else doublings(16, 16384) + [384, 768, 1536, 3072, 6144]
    for heads, kv, dim in heads_of(quick):
        for length in sorted(lengths):
            for batch in (1, 4) if quick else (1, 2, 4, 8, 16, 32, 64):
                if batch * length <= 65536:
                    yield (dtype, dtype, batch, length, heads, kv, dim, 0)


def decode_rows(dtype, quick):
    contexts = (256, 2048, 16384) if quick else doublings(128, 131072) + [384, 768, 1536, 3072,
                                                                         6144, 12288]
    for heads, kv, dim in heads_of(quick):
        for context in sorted(contexts):
            for batch in (1, 16, 128) if quick else doublings(1, 512):
                if batch * context * kv * dim * 4 <= 16 * 2**30:
                    yield (dtype, dtype, batch, context, heads, kv, dim, 0)


def encoder_rows(dtype, quick):
    lengths = (1024, 4096) if quick else (256, 577, 1024, 1536, 2048, 4096, 4608, 8192, 16384)
    for heads, dim in ((24, 128), (10, 64)) if quick else (
            (24, 128), (20, 64), (10, 64), (8, 40), (8, 80), (16, 72), (16, 80), (24, 64)):
        for length in lengths:
            for batch in (1, 2) if quick else (1, 2, 4, 8, 16):
                if batch * length <= 65536:
                    yield (dtype, batch, length, heads, dim)


def moe_rows(dtype, quick):
    # hidden, width of an expert, experts a token visits, experts
    models = [(4096, 14336, 2, 8), (2048, 768, 8, 128), (7168, 2048, 8, 256)]
    tokens = (1, 64, 1024) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096,
                                          8192)
    for hidden, inter, topk, experts in models[: 2 if quick else None]:
        for tp, ep in ((1, 1), (4, 1)) if quick else (
                (1, 1), (2, 1), (4, 1), (8, 1), (1, 4), (1, 8)):
            for count in tokens:
                if count * topk >= ep:
                    yield (dtype, count, hidden, inter, topk, experts, tp, ep, "balanced",
                           "torch_grouped_mm")


def elementwise_rows(dtype, quick):
    sizes = doublings(12288, 12288 * 2**17)
    for op in PASSES:
        for size in sizes[:: 4 if quick else 1]:
            yield (op, dtype, size)


def message_sizes(quick):
    sizes = doublings(256, 2**29)
    return sizes[:: 4] if quick else sizes


def between_rows(kind, dtype, quick, gpus):
    first = ("torch_symm_mem",) if kind == "custom_allreduce" else (
        "all_reduce", "all_gather", "reduce_scatter", "alltoall")
    for ranks in (2, 4, 8):
        if ranks > gpus:
            continue
        for op in first:
            for size in message_sizes(quick):
                if kind == "custom_allreduce" and size > 2**26:
                    continue  # engines leave larger messages to NCCL
                yield (op, dtype, ranks, size)


def plan(kinds, dtypes, quick, gpus):
    """[(kind, [row, ...]), ...]; a row is the values of COLUMNS[kind]."""
    wide = [d for d in dtypes if BYTES[d] == 2]
    makers = {
        "gemm": (gemm_rows, dtypes),
        "attention_prefill": (prefill_rows, wide),
        "attention_decode": (decode_rows, wide),
        "attention_encoder": (encoder_rows, wide),
        "moe": (moe_rows, [d for d in wide if d == "bfloat16"]),
        "elementwise": (elementwise_rows, wide[:1]),
    }
    planned = []
    for kind in kinds:
        rows = []
        if kind in BETWEEN_GPUS:
            rows = [r for d in wide[:1] for r in between_rows(kind, d, quick, gpus)]
        else:
            maker, formats = makers[kind]
            rows = [r for d in formats for r in maker(d, quick)]
        planned.append((kind, rows))
    return planned


def work(kind, row):
    """(flop, bytes) of one call."""
    v = dict(zip(COLUMNS[kind], row))
    if kind == "gemm":
        m, n, k, width = v["m"], v["n"], v["k"], BYTES[v["dtype"]]
        return 2 * m * n * k, width * (m * k + n * k) + 2 * m * n
    if kind == "attention_prefill":
        tokens = v["batch"] * v["seq_len"]
        heads = 2 * v["num_heads"] + 2 * v["num_kv_heads"]
        return (2 * tokens * v["seq_len"] * v["num_heads"] * v["head_dim"],
                2 * tokens * heads * v["head_dim"])
    if kind == "attention_decode":
        cached = v["batch"] * v["kv_len"] * v["head_dim"]
        return 4 * cached * v["num_heads"], 4 * cached * v["num_kv_heads"]
    if kind == "attention_encoder":
        tokens = v["batch"] * v["seq_len"]
        return (4 * tokens * v["seq_len"] * v["num_heads"] * v["head_dim"],
                8 * tokens * v["num_heads"] * v["head_dim"])
    if kind == "moe":
        visits = expert_visits(v["num_tokens"], v["topk"], v["num_experts"], v["ep"])
        weights = 3 * v["hidden_size"] * (v["inter_size"] // v["tp"])
        return (2 * sum(visits) * weights,
                2 * weights * sum(1 for n in visits if n) + 8 * sum(visits) * v["hidden_size"])
    return 0, v["bytes"]


def expert_visits(tokens, topk, experts, ep):
    """Rows of each expert of one group when tokens choose evenly."""
    local = experts // ep
    visits = max(1, round(tokens * topk / ep))
    return [visits // local + (1 if e < visits % local else 0) for e in range(local)]


def estimated_ms(kind, row):
    """A guess for an A100: 60 % of its peaks, five microseconds at least."""
    flop, moved = work(kind, row)
    if kind in BETWEEN_GPUS:
        return 0.02 + moved / 100e9 * 1e3
    return max(0.005, flop / (0.6 * 312e12) * 1e3, moved / (0.6 * 2.0e12) * 1e3)


def calls_for(expected_ms):
    """Calls of a kernel in one graph."""
    return max(FEWEST_CALLS, min(MOST_CALLS, math.ceil(REPLAY_MS / expected_ms)))


def copies_for(size, cache, calls, budget):
    """Copies of a weight to cycle over: as many as there are calls, fewer where enough others lie
    between two uses of one to fill the cache twice, or where memory ends."""
    enough = math.ceil(2 * cache / size) + 1
    return max(1, min(calls, enough, int(budget // size)))


def estimated_seconds(kind, rows, repeats):
    total = 0.0
    for row in rows:
        one = estimated_ms(kind, row)
        # Twice through the calls before the replays; memory and graph take 30 ms (seen on an H200).
        total += 0.03 + 1e-3 * one * calls_for(one) * (2 + WARM_UP + repeats)
    return total
