#include "headroom/latency/step_table.hpp"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace headroom {
namespace {

StepTable::Parts small_parts() {
  StepTable::Parts parts;
  parts.dense_ps = {0, 100, 150};
  parts.per_sequence_ps = {0, 7, 9};
  parts.decode_pieces = {{{0, 0, 0}}, {{0, 5, 2}, {10, 30, 3}}, {{0, 6, 2}}};
  parts.prefill = {{0, 4, 8}, {0, 10}, {0, 0, 40, 80, 100, 200}};
  return parts;
}

TEST_CASE("dense and per-sequence times continue with the last difference", "[latency]") {
  const StepTable table(small_parts());
  CHECK(table.max_batch() == 2);
  CHECK(table.dense(2).count == 150);
  CHECK(table.dense(5).count == 150 + 3 * (150 - 100));
  CHECK(table.per_sequence(4).count == 9 + 2 * (9 - 7));
}

TEST_CASE("decode attention takes the last piece that starts at or before the context",
          "[latency]") {
  const StepTable table(small_parts());
  CHECK(table.decode_attention(0, 0).count == 0);
  CHECK(table.decode_attention(1, 9).count == 5 + 2 * 9);
  CHECK(table.decode_attention(1, 10).count == 30);
  CHECK(table.decode_attention(1, 1'000'000).count == 30 + 3 * (1'000'000 - 10));
  CHECK(table.decode_step(2, 3).count == 150 + 9 + 6 + 2 * 3);
}

TEST_CASE("the piece of a context is found from any guess", "[latency]") {
  StepTable::Parts parts = small_parts();
  parts.decode_pieces[1] = {{0, 5, 2}, {10, 30, 3}, {11, 33, 1}, {40, 62, 4}};
  const StepTable table(parts);
  for (std::size_t guess = 0; guess <= 6; ++guess) {
    CHECK(table.piece_near(1, 0, guess) == 0);
    CHECK(table.piece_near(1, 9, guess) == 0);
    CHECK(table.piece_near(1, 10, guess) == 1);
    CHECK(table.piece_near(1, 11, guess) == 2);
    CHECK(table.piece_near(1, 39, guess) == 2);
    CHECK(table.piece_near(1, 1'000'000, guess) == 3);
    CHECK(table.piece_near(2, 7, guess) == 0);
  }
}

TEST_CASE("prefill attention is bilinear between grid points, rounded down", "[latency]") {
  const StepTable table(small_parts());
  CHECK(table.prefill_attention(0, 7).count == 0);
  CHECK(table.prefill_attention(4, 10).count == 80);
  CHECK(table.prefill_attention(8, 0).count == 100);
  // Halfway in chunk and 3/10 in past: the mean of 40 + 0.3 * 40 and 100 + 0.3 * 100 is 91.
  CHECK(table.prefill_attention(6, 3).count == 91);
  // A third of a cell: 40 * 3/4 at past 0 = 30; at past 1: 30 + (80 * 3/4 - 30) / 10 = 33.
  CHECK(table.prefill_attention(3, 1).count == 33);
  // chunk 1, past 1: (10 + 20/10 - 10/10) = 11.
  CHECK(table.prefill_attention(1, 1).count == 11);
}

TEST_CASE("prefill attention continues the last cell beyond the grid", "[latency]") {
  const StepTable table(small_parts());
  // Past: 80 + (80 - 40) at twice the grid. Chunk: 100 + (100 - 40) at 12.
  CHECK(table.prefill_attention(4, 20).count == 120);
  CHECK(table.prefill_attention(12, 0).count == 160);
}

TEST_CASE("prefill attention stays exact where products pass 64 bits", "[latency]") {
  StepTable::Parts parts = small_parts();
  const std::int64_t second = kTicksPerSecond;
  parts.prefill = {{0, 8192}, {0, 131072}, {0, 0, second, 3 * second}};
  const StepTable table(std::move(parts));
  // Half the chunk and half the past of a plane: (1 + 3) / 2 / 2 = 1 s.
  CHECK(table.prefill_attention(4096, 65536).count == second);
}

TEST_CASE("prefill attention is the same on either side of 64 bits", "[latency]") {
  // One cell whose corners grow, so that its sums fit 64 bits first and then no longer. A bilinear
  // function is linear in the corners: corners 2^k times as high give values 2^k times as high,
  // less what rounding down has cut off.
  std::mt19937_64 random(11);
  const auto below = [&](std::int64_t n) {
    return std::uniform_int_distribution<std::int64_t>(0, n)(random);
  };
  for (int i = 0; i < 2'000; ++i) {
    const std::int64_t width = 1 + below(4'000), height = 1 + below(60'000);
    const std::int64_t chunk = below(width), past = below(height);
    const std::int64_t a = below(1'000), b = below(1'000);
    const auto at = [&](int k) {
      StepTable::Parts parts = small_parts();
      parts.prefill = {{0, width}, {0, height}, {0, 0, a << k, b << k}};
      return StepTable(std::move(parts)).prefill_attention(chunk, past).count;
    };
    // (chunk / width) (a (height - past) + b past) / height, in whole numbers.
    const std::int64_t exact = chunk * (a * (height - past) + b * past);
    CHECK(at(0) == exact / (width * height));
    for (const int k : {20, 32, 44}) CHECK(at(k) >> k == at(0));
  }
}

TEST_CASE("prefill attention finds the cell of any grid", "[latency]") {
  std::mt19937_64 random(12);
  const auto below = [&](std::int64_t n) {
    return std::uniform_int_distribution<std::int64_t>(0, n)(random);
  };
  // Points close to each other and far apart, on up to a hundred thousand tokens: more than an
  // index has parts, so that some parts hold several points and some points several parts.
  const auto axis = [&](std::int64_t most) {
    std::vector<std::int64_t> points{0};
    while (points.size() < 2 || (points.back() < most && below(40) > 0)) {
      points.push_back(points.back() + 1 + (below(1) == 0 ? below(3) : below(most / 8)));
    }
    return points;
  };
  const auto cell = [](const std::vector<std::int64_t>& points, std::int64_t x) {
    std::size_t i = 0;
    while (i + 2 < points.size() && points[i + 1] <= x) ++i;
    return i;
  };
  for (int round = 0; round < 200; ++round) {
    StepTable::Parts parts = small_parts();
    StepTable::PrefillGrid grid;
    grid.chunks = axis(round % 2 == 0 ? 300 : 100'000);
    grid.pasts = axis(round % 3 == 0 ? 300 : 100'000);
    grid.time_ps.assign(grid.chunks.size() * grid.pasts.size(), 0);
    for (std::size_t i = grid.pasts.size(); i < grid.time_ps.size(); ++i) {
      grid.time_ps[i] = below(1'000'000);
    }
    parts.prefill = grid;
    const StepTable table(std::move(parts));
    for (int i = 0; i < 200; ++i) {
      const bool at_point = below(2) == 0;
      const std::int64_t chunk = at_point ? grid.chunks[static_cast<std::size_t>(below(
                                                static_cast<std::int64_t>(grid.chunks.size()) - 1))]
                                          : below(grid.chunks.back() + grid.chunks.back() / 4);
      const std::int64_t past =
          below(2) == 0 ? 0 : below(grid.pasts.back() + grid.pasts.back() / 4);
      const std::size_t c = cell(grid.chunks, chunk), p = cell(grid.pasts, past);
      const auto corner = [&](std::size_t right, std::size_t up) {
        return static_cast<long double>(grid.time_ps[(c + right) * grid.pasts.size() + p + up]);
      };
      const auto share = [](const std::vector<std::int64_t>& points, std::size_t at,
                            std::int64_t x) {
        return static_cast<long double>(x - points[at]) /
               static_cast<long double>(points[at + 1] - points[at]);
      };
      const long double x = share(grid.chunks, c, chunk), y = share(grid.pasts, p, past);
      const long double exact = (1 - x) * ((1 - y) * corner(0, 0) + y * corner(0, 1)) +
                                x * ((1 - y) * corner(1, 0) + y * corner(1, 1));
      const auto time = static_cast<long double>(table.prefill_attention(chunk, past).count);
      // Rounded down; beyond the grid never below 0.
      CHECK(time <= std::max(exact, 0.0L) + 1e-6L);
      CHECK(time > exact - 1 - 1e-6L);
    }
  }
}

TEST_CASE("a step with prompts comes out from under the host's floor once", "[latency]") {
  StepTable::Parts parts = small_parts();
  // Kernels of 20 a token under a floor of 90 and 10 of the host; decodes take 5 a token of
  // context. Alone, two decodes of 3 take max(40 + 15, 90) + 10, so attention shows as nothing.
  parts.dense_ps = {0, 100, 100, 100};
  parts.decode_pieces = {{{0, 0, 0}}, {{0, 0, 0}}, {{0, 0, 0}, {10, 0, 5}}};
  parts.floor = {90, 10, {0, 20, 40, 60}, {{{0, 0, 0}}, {{0, 0, 5}}, {{0, 0, 5}}}};
  const StepTable table(std::move(parts));
  CHECK(table.step(2, 2, 2, 3, Ticks{0}).count == 100 + 9);
  CHECK(table.decode_step(2, 3).count == 100 + 9);
  // Two decodes of 3 and a chunk of 1: 60 + 15 + 5 of prefill are hidden.
  CHECK(table.step(3, 2, 2, 3, Ticks{5}).count == 90 + 10 + 9);
  // With 40 of prefill 60 + 15 + 40 are not.
  CHECK(table.step(3, 2, 2, 3, Ticks{40}).count == 115 + 10 + 9);
  // A prompt alone, and beyond the table: 60 + 2 x 20 for five tokens.
  CHECK(table.step(3, 1, 0, 0, Ticks{50}).count == 110 + 10 + 7);
  CHECK(table.step(5, 1, 0, 0, Ticks{0}).count == 100 + 10 + 7);
}

TEST_CASE("without a floor a step is the sum of its terms", "[latency]") {
  const StepTable table(small_parts());
  CHECK(table.step(2, 2, 1, 9, table.prefill_attention(4, 0)).count == 150 + 9 + (5 + 2 * 9) + 40);
}

}  // namespace
}  // namespace headroom
