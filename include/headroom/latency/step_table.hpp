#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "headroom/core/check.hpp"
#include "headroom/core/units.hpp"

namespace headroom {

/// Step times of one (model, GPU, parallelism, engine preset), compiled to whole picoseconds, so
/// that a sum over steps in closed form *is* the sum of the steps (design contract 1).
///
/// One step over a batch takes
///
///     dense(tokens) + per_sequence(rows) + decode_attention(n, C) + sum of
///     prefill_attention(chunk, past)
///
/// tokens: all tokens fed in this step (decodes count one each); rows: sequences whose logits are
/// sampled (decodes, and prompts that finish in this step); n: decoding sequences; C: their summed
/// context, the KV tokens each of them reads, the new one included. Host overhead, collectives and
/// all layers are inside. Every term is >= 0 and dense(tokens) >= 1 for tokens >= 1.
///
/// Where the host issues kernels more slowly than the GPU runs them (Parts::Floor), that holds for
/// a step of decodes alone; a step with prompts takes
///
///     max(kernels(tokens) + decode attention + prefill attention, floor) + host +
///     per_sequence(rows)
///
/// step() is the time of either kind.
///
/// Decode attention is piecewise linear in C for each n: `pieces(n)` lists the break-points. All
/// functions are total: beyond the largest tabulated argument the last piece is continued (the
/// compiler of the table makes it large enough for the pool's limits).
class StepTable {
 public:
  /// decode_attention on [context_from, next piece's context_from): base_ps + slope_ps * (C -
  /// context_from).
  struct Piece {
    std::int64_t context_from = 0;
    std::int64_t base_ps = 0;
    std::int64_t slope_ps = 0;
  };
  /// Raw parts. `dense` and `per_sequence` are indexed by tokens / rows from 0 (entry 0 must be 0);
  /// longer arguments continue with the last difference. `decode_pieces[n]` for n = 0..max_batch
  /// (entry 0 one piece of zeros), each sorted by context_from, first at 0. `prefill`: see
  /// PrefillGrid.
  struct PrefillGrid {
    /// Sorted from 0: chunk lengths and past lengths of the grid.
    std::vector<std::int64_t> chunks;
    std::vector<std::int64_t> pasts;
    /// [chunk index][past index], picoseconds; row chunk = 0 is all zeros.
    std::vector<std::int64_t> time_ps;
  };
  /// What a step's layers take at least, and what their kernels take by themselves. dense_ps and
  /// decode_pieces beside it are those of a step of decodes alone: the floor and the host are in
  /// dense_ps, and attention that hides under the floor costs nothing.
  struct Floor {
    std::int64_t time_ps = 0;                       ///< 0: no floor, the rest is not read
    std::int64_t host_ps = 0;                       ///< of a step, outside the layers
    std::vector<std::int64_t> kernels_ps;           ///< by tokens, as dense_ps
    std::vector<std::vector<Piece>> decode_pieces;  ///< as above, at full length
  };
  struct Parts {
    std::vector<std::int64_t> dense_ps;
    std::vector<std::int64_t> per_sequence_ps;
    std::vector<std::vector<Piece>> decode_pieces;
    PrefillGrid prefill;
    Floor floor;
  };

  explicit StepTable(Parts parts);

  std::int64_t max_batch() const { return decode_.max_batch(); }

  Ticks dense(std::int64_t tokens) const { return {at(dense_ps_, tokens)}; }
  Ticks per_sequence(std::int64_t rows) const { return {at(per_sequence_ps_, rows)}; }
  Ticks decode_attention(std::int64_t n, std::int64_t context_sum) const {
    return {decode_.time_ps(n, context_sum)};
  }
  /// Bilinear between grid points in exact integer arithmetic (rounded down), so both engines see
  /// one function. chunk = 0 gives 0.
  Ticks prefill_attention(std::int64_t chunk, std::int64_t past) const;

  /// A step that may hold prompts: of `tokens` in all, `rows` that are sampled, n decodes at summed
  /// context C, and `prefill`, the sum of its chunks' prefill_attention().
  Ticks step(std::int64_t tokens, std::int64_t rows, std::int64_t n, std::int64_t context_sum,
             Ticks prefill) const {
    if (floor_ps_ == 0 || tokens == n) {
      return dense(tokens) + per_sequence(rows) + decode_attention(n, context_sum) + prefill;
    }
    const std::int64_t kernels =
        at(kernels_ps_, tokens) + kernels_decode_.time_ps(n, context_sum) + prefill.count;
    return Ticks{std::max(kernels, floor_ps_) + host_ps_} + per_sequence(rows);
  }

  /// A step of n decodes and nothing else.
  Ticks decode_step(std::int64_t n, std::int64_t context_sum) const {
    return dense(n) + per_sequence(n) + decode_attention(n, context_sum);
  }

  /// The pieces of decode attention at batch n. REQUIRES: 0 <= n <= max_batch().
  std::span<const Piece> pieces(std::int64_t n) const { return decode_.of(n); }
  /// The number among them of the one that holds a summed context, looked for from the `guess`-th
  /// on: that of a similar batch and context, or anything.
  std::size_t piece_near(std::int64_t n, std::int64_t context_sum, std::size_t guess) const {
    const std::span<const Piece> all = pieces(n);
    std::size_t at = std::min(guess, all.size() - 1);
    while (all[at].context_from > context_sum) --at;
    while (at + 1 < all.size() && all[at + 1].context_from <= context_sum) ++at;
    return at;
  }

 private:
  static std::int64_t at(const std::vector<std::int64_t>& values, std::int64_t x) {
    const auto last = static_cast<std::int64_t>(values.size()) - 1;
    if (x <= last) return values[static_cast<std::size_t>(x)];
    const std::int64_t step =
        values[static_cast<std::size_t>(last)] - values[static_cast<std::size_t>(last - 1)];
    return values[static_cast<std::size_t>(last)] + step * (x - last);
  }

  /// Pieces of all batches, one after another.
  class Pieces {
   public:
    Pieces() = default;
    explicit Pieces(const std::vector<std::vector<Piece>>& by_batch);

    std::int64_t max_batch() const { return static_cast<std::int64_t>(first_.size()) - 2; }
    std::span<const Piece> of(std::int64_t n) const {
      const auto at_n = static_cast<std::size_t>(n);
      return {all_.data() + first_[at_n], first_[at_n + 1] - first_[at_n]};
    }
    const Piece& at(std::int64_t n, std::int64_t context_sum) const {
      const auto span = of(n);
      const Piece* low = span.data();  // the last piece whose context_from <= context_sum
      for (std::size_t count = span.size(); count > 1;) {  // without a branch to guess
        const std::size_t half = count / 2;
        low += low[half].context_from <= context_sum ? half : 0;
        count -= half;
      }
      return *low;
    }
    std::int64_t time_ps(std::int64_t n, std::int64_t context_sum) const {
      const Piece& piece = at(n, context_sum);
      return piece.base_ps + piece.slope_ps * (context_sum - piece.context_from);
    }

   private:
    std::vector<Piece> all_;
    std::vector<std::size_t> first_;
  };

  /// Finds the cell of a sorted grid that holds a number from the number's high bits and a step or
  /// two: a search by halves reads a cache line a step, each of which tells where the next one is.
  class GridIndex {
   public:
    GridIndex() = default;
    /// REQUIRES: points are sorted from 0, two or more.
    explicit GridIndex(const std::vector<std::int64_t>& points);

    /// The cell that holds x >= 0: the last one for anything beyond the grid. point(i): the i-th.
    template <class Point>
    std::size_t cell_of(std::int64_t x, Point point) const {
      const auto part = static_cast<std::size_t>(x) >> shift_;
      if (part >= first_.size()) return last_cell_;
      std::size_t cell = first_[part];
      while (cell < last_cell_ && point(cell + 1) <= x) ++cell;
      return cell;
    }

   private:
    unsigned shift_ = 0;
    std::size_t last_cell_ = 0;
    std::vector<std::uint32_t> first_;  // cells that hold the multiples of 2^shift
  };
  struct Knot {
    std::int64_t chunk = 0;
    std::int64_t time_ps = 0;
  };
  Ticks prefill_with_past(std::size_t i, std::int64_t chunk, std::int64_t past) const;

  std::vector<std::int64_t> dense_ps_;
  std::vector<std::int64_t> per_sequence_ps_;
  Pieces decode_;
  PrefillGrid prefill_;
  GridIndex chunk_index_, past_index_;
  std::vector<Knot> without_past_;  // the grid's column past = 0, which most prompts ask for
  bool without_past_fits_ = false;  // 64 bits, inside the grid
  std::int64_t floor_ps_ = 0;
  std::int64_t host_ps_ = 0;
  std::vector<std::int64_t> kernels_ps_;
  Pieces kernels_decode_;
};

}  // namespace headroom
