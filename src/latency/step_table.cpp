#include "headroom/latency/step_table.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace headroom {
namespace {

// Products of two token counts and a time in picoseconds pass 64 bits (8k x 130k x 1 s is 1e21).
__extension__ using Wide = __int128;

bool sorted_from_zero(const std::vector<std::int64_t>& points) {
  return points.size() >= 2 && points.front() == 0 &&
         std::adjacent_find(points.begin(), points.end(), std::greater_equal<>()) == points.end();
}

std::int64_t floor_divide(Wide numerator, Wide denominator) {
  Wide quotient = numerator / denominator;
  if (numerator % denominator < 0) --quotient;
  return static_cast<std::int64_t>(quotient);
}

int bits(std::int64_t value) {
  return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value)));
}

bool non_negative(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v >= 0; });
}

}  // namespace

StepTable::Pieces::Pieces(const std::vector<std::vector<Piece>>& by_batch) {
  HEADROOM_CHECK(!by_batch.empty(), "decode attention is given for 0 sequences");
  first_.reserve(by_batch.size() + 1);
  for (const std::vector<Piece>& pieces : by_batch) {
    HEADROOM_CHECK(!pieces.empty() && pieces.front().context_from == 0,
                   "the first piece starts at context 0");
    first_.push_back(all_.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      HEADROOM_CHECK(i == 0 || pieces[i - 1].context_from < pieces[i].context_from,
                     "pieces are sorted by context");
      HEADROOM_CHECK(pieces[i].base_ps >= 0 && pieces[i].slope_ps >= 0,
                     "decode attention does not fall with context");
      all_.push_back(pieces[i]);
    }
  }
  first_.push_back(all_.size());
  const std::span<const Piece> none = of(0);
  HEADROOM_CHECK(none.size() == 1 && none[0].base_ps == 0 && none[0].slope_ps == 0,
                 "no sequence costs no decode attention");
}

StepTable::GridIndex::GridIndex(const std::vector<std::int64_t>& points)
    : last_cell_(points.size() - 2) {
  constexpr std::int64_t kMostParts = 4096;
  while (points.back() >> shift_ >= kMostParts) ++shift_;
  std::size_t cell = 0;
  for (std::int64_t part = 0; part <= points.back() >> shift_; ++part) {
    while (cell < last_cell_ && points[cell + 1] <= part << shift_) ++cell;
    first_.push_back(static_cast<std::uint32_t>(cell));
  }
}

StepTable::StepTable(Parts parts)
    : dense_ps_(std::move(parts.dense_ps)),
      per_sequence_ps_(std::move(parts.per_sequence_ps)),
      decode_(parts.decode_pieces),
      prefill_(std::move(parts.prefill)) {
  // The parts come from our own compiler or a test, never straight from a user.
  HEADROOM_CHECK(dense_ps_.size() >= 2 && dense_ps_[0] == 0, "dense times start at 0 tokens");
  HEADROOM_CHECK(
      std::all_of(dense_ps_.begin() + 1, dense_ps_.end(), [](std::int64_t v) { return v >= 1; }),
      "a step of a token or more takes time");
  HEADROOM_CHECK(dense_ps_.back() >= dense_ps_[dense_ps_.size() - 2],
                 "dense times do not fall beyond the table");
  HEADROOM_CHECK(per_sequence_ps_.size() >= 2 && per_sequence_ps_[0] == 0,
                 "per-sequence times start at 0 rows");
  HEADROOM_CHECK(non_negative(per_sequence_ps_), "per-sequence times are not negative");
  HEADROOM_CHECK(per_sequence_ps_.back() >= per_sequence_ps_[per_sequence_ps_.size() - 2],
                 "per-sequence times do not fall beyond the table");

  HEADROOM_CHECK(sorted_from_zero(prefill_.chunks) && sorted_from_zero(prefill_.pasts),
                 "the prefill grid is sorted from 0");
  HEADROOM_CHECK(prefill_.time_ps.size() == prefill_.chunks.size() * prefill_.pasts.size(),
                 "the prefill grid is complete");
  HEADROOM_CHECK(non_negative(prefill_.time_ps), "prefill attention is not negative");
  for (std::size_t past = 0; past < prefill_.pasts.size(); ++past) {
    HEADROOM_CHECK(prefill_.time_ps[past] == 0, "an empty chunk costs nothing");
  }
  chunk_index_ = GridIndex(prefill_.chunks);
  past_index_ = GridIndex(prefill_.pasts);
  without_past_fits_ = true;
  for (std::size_t i = 0; i < prefill_.chunks.size(); ++i) {
    const Knot knot{prefill_.chunks[i], prefill_.time_ps[i * prefill_.pasts.size()]};
    if (i > 0) {
      const Knot& before = without_past_.back();
      const std::int64_t largest = std::max(before.time_ps, knot.time_ps);
      without_past_fits_ =
          without_past_fits_ && bits(largest) + bits(knot.chunk - before.chunk) < 64;
    }
    without_past_.push_back(knot);
  }

  if (parts.floor.time_ps == 0) return;
  floor_ps_ = parts.floor.time_ps;
  host_ps_ = parts.floor.host_ps;
  kernels_ps_ = std::move(parts.floor.kernels_ps);
  kernels_decode_ = Pieces(parts.floor.decode_pieces);
  HEADROOM_CHECK(floor_ps_ > 0 && host_ps_ >= 0, "a floor and a host's time are not negative");
  HEADROOM_CHECK(kernels_ps_.size() == dense_ps_.size() && kernels_ps_[0] == 0 &&
                     non_negative(kernels_ps_) &&
                     kernels_ps_.back() >= kernels_ps_[kernels_ps_.size() - 2],
                 "kernels under a floor are given for the same tokens");
  HEADROOM_CHECK(kernels_decode_.max_batch() == decode_.max_batch(),
                 "and their decode attention for the same batches");
}

Ticks StepTable::prefill_attention(std::int64_t chunk, std::int64_t past) const {
  HEADROOM_DCHECK(chunk >= 0 && past >= 0, "numbers of tokens are not negative");
  const std::size_t i =
      chunk_index_.cell_of(chunk, [this](std::size_t at) { return without_past_[at].chunk; });
  const Knot& low = without_past_[i];
  const Knot& high = without_past_[i + 1];
  if (past != 0 || chunk > high.chunk || !without_past_fits_) {
    return prefill_with_past(i, chunk, past);
  }
  return {((high.chunk - chunk) * low.time_ps + (chunk - low.chunk) * high.time_ps) /
          (high.chunk - low.chunk)};
}

/// Any case, in cell i of the chunks.
Ticks StepTable::prefill_with_past(std::size_t i, std::int64_t chunk, std::int64_t past) const {
  const std::size_t j =
      past_index_.cell_of(past, [this](std::size_t at) { return prefill_.pasts[at]; });
  const std::size_t columns = prefill_.pasts.size();
  const std::int64_t* low = prefill_.time_ps.data() + i * columns + j;
  const std::int64_t* high = low + columns;

  const std::int64_t from_low = chunk - prefill_.chunks[i];
  const std::int64_t from_left = past - prefill_.pasts[j];
  const std::int64_t width = prefill_.chunks[i + 1] - prefill_.chunks[i];
  // On a grid line of `past`, as without a prefix cache, the next line does not count.
  const std::int64_t height = from_left == 0 ? 1 : prefill_.pasts[j + 1] - prefill_.pasts[j];
  const std::int64_t to_high = width - from_low;
  const std::int64_t to_right = height - from_left;

  // Inside the grid no sum is larger than the area times the largest corner, which fits 64 bits
  // nearly always; a division of 128 bits is a call.
  const std::int64_t largest = std::max(std::max(low[0], low[1]), std::max(high[0], high[1]));
  if (to_high >= 0 && to_right >= 0 && bits(largest) + bits(width) + bits(height) < 64) {
    return {(to_high * (to_right * low[0] + from_left * low[1]) +
             from_low * (to_right * high[0] + from_left * high[1])) /
            (width * height)};
  }
  const Wide sum = Wide{to_high} * (Wide{to_right} * low[0] + Wide{from_left} * low[1]) +
                   Wide{from_low} * (Wide{to_right} * high[0] + Wide{from_left} * high[1]);
  const Wide area = Wide{width} * height;
  // Beyond the grid the last cell's plane is continued; it can dip below 0 only there.
  return {std::max<std::int64_t>(0, floor_divide(sum, area))};
}

}  // namespace headroom
