import unittest

from fake_gpu import grid


class Grid(unittest.TestCase):
    def rows(self, kind, dtypes=("bfloat16",), quick=False, gpus=8):
        return dict(grid.plan([kind], list(dtypes), quick, gpus))[kind]

    def test_every_row_has_its_columns_and_stands_once(self):
        for kind, rows in grid.plan(grid.KINDS, ["bfloat16", "float16", "fp8", "int8"], False, 8):
            self.assertTrue(rows, kind)
            self.assertEqual(len(set(rows)), len(rows), kind)
            for row in rows:
                self.assertEqual(len(row), len(grid.COLUMNS[kind]))

    def test_quick_is_a_part_of_the_time(self):
        whole = sum(grid.estimated_seconds(k, r, 7)
                    for k, r in grid.plan(grid.KINDS, ["bfloat16"], False, 8))
        quick = sum(grid.estimated_seconds(k, r, 3)
                    for k, r in grid.plan(grid.KINDS, ["bfloat16"], True, 8))
        self.assertLess(quick, whole / 10)

    def test_gemm_covers_the_projections_of_llama_70b_on_four_gpus(self):
        pairs = {(n, k) for _, _, n, k in self.rows("gemm")}
        # d_model 8192, 64 heads and 8 KV heads of 128, feed-forward 28672, a quarter each.
        for pair in ((16 + 2 * 2) * 128, 8192), (8192, 16 * 128), (2 * 7168, 8192), (8192, 7168):
            self.assertIn(pair, pairs)

    def test_int8_leaves_out_the_rows_that_pytorch_refuses(self):
        self.assertEqual(min(m for _, m, _, _ in self.rows("gemm", ["int8"])), 24)

    def test_narrow_formats_are_for_gemm_alone(self):
        planned = dict(grid.plan(grid.KINDS, ["fp8"], False, 8))
        self.assertEqual({kind for kind, rows in planned.items() if rows}, {"gemm"})

    def test_one_gpu_has_no_collectives(self):
        self.assertEqual(self.rows("collectives", gpus=1), [])
        self.assertEqual(self.rows("custom_allreduce", gpus=1), [])
        self.assertEqual({row[2] for row in self.rows("collectives", gpus=4)}, {2, 4})

    def test_work_is_the_arithmetic_of_the_layouts(self):
        self.assertEqual(grid.work("gemm", ("bfloat16", 2, 3, 5)),
                         (2 * 2 * 3 * 5, 2 * (2 * 5 + 3 * 5) + 2 * 2 * 3))
        self.assertEqual(grid.work("gemm", ("fp8", 2, 3, 5))[1], 2 * 5 + 3 * 5 + 2 * 2 * 3)
        flop, moved = grid.work("attention_decode",
                                ("bfloat16", "bfloat16", 4, 1000, 32, 8, 128, 0))
        self.assertEqual(flop, 4 * 4 * 1000 * 32 * 128)
        self.assertEqual(moved, 2 * 4 * 8 * 1000 * 128 * 2)  # keys and values, 2 bytes each
        self.assertEqual(grid.work("attention_encoder", ("bfloat16", 2, 100, 4, 64))[0],
                         4 * 2 * 4 * 100**2 * 64)
        self.assertEqual(grid.work("attention_prefill",
                                   ("bfloat16", "bfloat16", 2, 100, 4, 4, 64, 0))[0],
                         2 * 2 * 4 * 100**2 * 64)

    def test_even_routing_gives_every_expert_its_share(self):
        self.assertEqual(grid.expert_visits(8, 2, 8, 1), [2] * 8)
        self.assertEqual(grid.expert_visits(5, 2, 4, 1), [3, 3, 2, 2])
        self.assertEqual(grid.expert_visits(8, 2, 8, 4), [2, 2])  # a quarter of 16 visits
        self.assertEqual(grid.expert_visits(1, 2, 256, 8), [1] + [0] * 31)

    def test_copies_lie_further_apart_than_the_cache_holds(self):
        cache = 50 * 2**20
        # 4 KiB weights: a copy for every call; the buffer written before does the rest.
        self.assertEqual(grid.copies_for(4096, cache, 100, 2**40), 100)
        # 40 MiB: others of 100 MiB lie between two uses of one.
        self.assertEqual(grid.copies_for(40 * 2**20, cache, 100, 2**40), 4)
        self.assertEqual(grid.copies_for(2**30, cache, 100, 2**40), 2)
        self.assertEqual(grid.copies_for(2**30, cache, 100, 2**29), 1)  # memory ends

    def test_a_replay_is_neither_too_short_nor_too_long(self):
        self.assertEqual(grid.calls_for(0.005), 100)
        self.assertEqual(grid.calls_for(0.5), 10)
        self.assertEqual(grid.calls_for(1000), 3)

    def test_the_guess_of_a_large_gemm_is_its_flop_at_60_percent(self):
        row = ("bfloat16", 8192, 8192, 8192)
        self.assertAlmostEqual(grid.estimated_ms("gemm", row), 2 * 8192**3 / (0.6 * 312e9))
        # 3 calls, gone through twice and replayed 3 + 7 times, and 30 ms.
        expected = 0.03 + 12 * 3 * 2 * 8192**3 / (0.6 * 312e12)
        self.assertAlmostEqual(grid.estimated_seconds("gemm", [row], 7), expected)


if __name__ == "__main__":
    unittest.main()
