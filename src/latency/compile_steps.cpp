#include <algorithm>
#include <cmath>
#include <utility>

#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/kernel_file.hpp"
#include "step_parts.hpp"

namespace headroom {
namespace {

/// Up to here every token count is evaluated; beyond, the two sides of each multiple of kBlock,
/// where the tiles of GEMMs and attention step up, with straight lines between.
constexpr std::int64_t kEveryToken = 512;
constexpr std::int64_t kBlock = 64;
constexpr std::int64_t kQueryBlock = 128;
/// The share of a step that a piece of decode attention may be off; beyond kMaxPieces pieces, as
/// kinks of measured grids may need, the looser one.
constexpr double kTolerance = 2e-4;
constexpr double kLooseTolerance = 1e-3;
constexpr std::size_t kMaxPieces = 32;
constexpr std::size_t kMostPieces = 128;

std::int64_t picoseconds(double seconds) {
  HEADROOM_CHECK(std::isfinite(seconds) && seconds >= 0 && seconds < 9e6,
                 "a kernel model gives a time");
  return std::llround(seconds * static_cast<double>(kTicksPerSecond));
}

std::int64_t context_limit(const Deployment& deployment, const Limits& limits) {
  return limits.max_context > 0 ? limits.max_context : deployment.model.transformer.max_context;
}

/// Values of a law at 0, 1, 2 and on.
template <class F>
class Tabulated {
 public:
  Tabulated(std::int64_t last, F law)
      : law_(std::move(law)), values_(static_cast<std::size_t>(last) + 1, 0.0) {}

  /// Each of 1..to.
  void each(std::int64_t to) {
    for (; known_ < to; ++known_) at(known_ + 1) = law_(known_ + 1);
  }
  /// Straight from the last known value to `to`, in halves wherever the middle is off the line: a
  /// step of the law, as where all-reduces change hands, is met to the token.
  void line(std::int64_t to) {
    at(to) = law_(to);
    refine(known_, to);
    known_ = to;
  }
  std::int64_t known() const { return known_; }
  std::vector<double> take() { return std::move(values_); }

 private:
  double& at(std::int64_t i) { return values_[static_cast<std::size_t>(i)]; }

  void refine(std::int64_t from, std::int64_t to) {
    if (to - from < 2) return;
    const std::int64_t middle = from + (to - from) / 2;
    const auto on_line = [&](std::int64_t i) {
      return at(from) +
             (at(to) - at(from)) * (static_cast<double>(i - from) / static_cast<double>(to - from));
    };
    const double there = law_(middle);
    if (std::abs(on_line(middle) - there) > kLooseTolerance * there) {
      at(middle) = there;
      refine(from, middle);
      refine(middle, to);
      return;
    }
    for (std::int64_t i = from + 1; i < to; ++i) at(i) = on_line(i);
  }

  F law_;
  std::int64_t known_ = 0;
  std::vector<double> values_;
};

/// Values of `f` at 0..last: each up to `every`, then on both sides of each multiple of kBlock.
template <class F>
std::vector<double> tabulate(std::int64_t last, std::int64_t every, F&& f) {
  Tabulated values(last, f);
  values.each(std::min(last, every));
  while (values.known() < last) {
    const std::int64_t known = values.known();
    const std::int64_t next = known % kBlock == 0 ? known + 1 : (known / kBlock + 1) * kBlock;
    values.line(std::min(last, next));
  }
  return values.take();
}

/// Seconds of the kernels that depend on the tokens alone, by Slice::share of them.
std::vector<double> dense_kernels(const StepParts& parts, std::int64_t last, bool measured) {
  const std::int64_t last_share = parts.slice().share(last);
  return tabulate(last_share, measured ? last_share : kEveryToken,
                  [&](std::int64_t share) { return parts.dense_kernels(share); });
}

/// time_of(kernels) at 0..last tokens, and one more at the slope of the upper half.
template <class F>
std::vector<std::int64_t> by_tokens(const StepParts& parts, const std::vector<double>& kernels,
                                    std::int64_t last, F&& time_of) {
  std::vector<std::int64_t> dense(static_cast<std::size_t>(last) + 2, 0);
  for (std::int64_t tokens = 1; tokens <= last; ++tokens) {
    const double at = kernels[static_cast<std::size_t>(parts.slice().share(tokens))];
    dense[static_cast<std::size_t>(tokens)] = std::max<std::int64_t>(1, picoseconds(time_of(at)));
  }
  // Beyond the table the last difference goes on: make it the mean slope of the upper half, not
  // that of one tile.
  const auto top = static_cast<std::size_t>(last);
  const std::size_t half = top / 2;
  const std::int64_t rise = std::max<std::int64_t>(0, dense[top] - (half > 0 ? dense[half] : 0));
  dense[top + 1] = dense[top] + rise / static_cast<std::int64_t>(top - half);
  return dense;
}

std::vector<std::int64_t> row_table(const StepParts& parts, std::int64_t last) {
  std::vector<double> values =
      tabulate(last, kEveryToken, [&](std::int64_t rows) { return parts.rows(rows); });
  std::vector<std::int64_t> table;
  table.reserve(values.size() + 1);
  for (const double value : values) table.push_back(picoseconds(value));
  const std::size_t half = table.size() / 2;
  const std::int64_t rise = std::max<std::int64_t>(0, table.back() - table[half]);
  table.push_back(table.back() +
                  rise / std::max<std::int64_t>(1, static_cast<std::int64_t>(table.size() - half)));
  return table;
}

/// Decode attention of n sequences at summed context `sum`, as it shows in a step of decodes alone:
/// what the host's floor already covers costs nothing more.
double visible_decode(const StepParts& parts, double dense, std::int64_t n, double sum) {
  return parts.floored(dense + parts.decode(n, sum)) - parts.floored(dense);
}

/// Decode attention at some summed context.
struct Sample {
  std::int64_t sum = 0;
  std::int64_t time_ps = 0;
};

/// A straight piece between two samples, and the sample it misses most. Pieces never fall: where
/// the law does (a measured grid may), the piece is level at the mean of its ends.
struct Chord {
  std::size_t from = 0, to = 0;
  std::size_t worst = 0;
  double error = 0;  ///< there, as a share of the step
};

/// The line between two samples, at `sum`.
double on_chord(const Sample& from, const Sample& to, std::int64_t sum) {
  const auto low = static_cast<double>(from.time_ps);
  const auto high = static_cast<double>(to.time_ps);
  if (high < low) return (low + high) / 2;
  return low + (high - low) *
                   (static_cast<double>(sum - from.sum) / static_cast<double>(to.sum - from.sum));
}

double miss(const Sample& from, const Sample& to, const Sample& at, double rest_ps) {
  const auto time = static_cast<double>(at.time_ps);
  return std::abs(on_chord(from, to, at.sum) - time) / (rest_ps + time);
}

Chord chord_between(const std::vector<Sample>& samples, std::size_t from, std::size_t to,
                    double rest_ps) {
  Chord chord{from, to, from, 0};
  // A level piece misses its ends too; splitting it anywhere helps.
  const double ends = miss(samples[from], samples[to], samples[from], rest_ps);
  if (to - from > 1 && ends > 0) chord = {from, to, (from + to) / 2, ends};
  for (std::size_t i = from + 1; i < to; ++i) {
    const double error = miss(samples[from], samples[to], samples[i], rest_ps);
    if (error > chord.error) chord = {from, to, i, error};
  }
  return chord;
}

/// Decode attention of n sequences by summed context: as it shows in a step of decodes alone, or at
/// full length.
class DecodeLaw {
 public:
  DecodeLaw(const StepParts& parts, std::int64_t n, bool visible)
      : parts_(parts),
        n_(n),
        visible_(visible),
        dense_(parts.dense_kernels(parts.slice().share(n))) {
    rest_ps_ = (parts.floored(dense_) + parts.rows(n) + parts.step_host()) *
               static_cast<double>(kTicksPerSecond);
  }
  Sample at(std::int64_t sum) const {
    const auto context = static_cast<double>(sum);
    return {sum, picoseconds(visible_ ? visible_decode(parts_, dense_, n_, context)
                                      : parts_.decode(n_, context))};
  }
  bool hidden(std::int64_t sum) const {
    return visible_ && visible_decode(parts_, dense_, n_, static_cast<double>(sum)) <= 0;
  }
  double rest_ps() const { return rest_ps_; }

 private:
  const StepParts& parts_;
  std::int64_t n_;
  bool visible_;
  double dense_, rest_ps_ = 0;
};

/// Contexts kFirst x 2^(i / kPerDoubling), and the one where attention comes out from under the
/// host's floor.
std::vector<std::int64_t> decode_contexts(const DecodeLaw& law, std::int64_t n,
                                          std::int64_t max_context) {
  constexpr double kFirst = 16;  // tokens of one sequence; the law is flat below
  constexpr double kPerDoubling = 4;
  const double last = std::max(2 * kFirst, static_cast<double>(max_context));
  std::vector<std::int64_t> sums{n};
  for (double context = kFirst; context < last; context *= std::exp2(1 / kPerDoubling)) {
    const std::int64_t sum = std::llround(context * static_cast<double>(n));
    if (sum > sums.back()) sums.push_back(sum);
  }
  sums.push_back(
      std::max<std::int64_t>(sums.back() + 1, std::llround(last * static_cast<double>(n))));
  if (law.hidden(sums.front()) && !law.hidden(sums.back())) {
    std::int64_t low = sums.front();
    std::int64_t high = sums.back();
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (law.hidden(middle) ? low : high) = middle;
    }
    const auto place = std::lower_bound(sums.begin(), sums.end(), low);
    if (*place != low) sums.insert(place, low);
  }
  return sums;
}

/// Appends samples after `from` up to `to`, closer wherever the middle is off the straight line:
/// measured grids have kinks at their points.
void refine(const DecodeLaw& law, const Sample& from, const Sample& to, int depth,
            std::vector<Sample>& samples) {
  if (depth > 0 && to.sum - from.sum > 1) {
    const double middle = std::sqrt(static_cast<double>(from.sum) * static_cast<double>(to.sum));
    const Sample between = law.at(std::clamp(std::llround(middle), from.sum + 1LL, to.sum - 1LL));
    if (miss(from, to, between, law.rest_ps()) > kTolerance / 2 ||
        miss(from, to, from, law.rest_ps()) > kTolerance / 2) {
      refine(law, from, between, depth - 1, samples);
      refine(law, between, to, depth - 1, samples);
      return;
    }
  }
  samples.push_back(to);
}

/// Break-points by splitting the worst chord until none is off by kTolerance or there are as many
/// pieces as allowed (Douglas and Peucker 1973, doi:10.3138/FM57-6770-U75U-7727).
std::vector<StepTable::Piece> decode_pieces(const StepParts& parts, std::int64_t n,
                                            std::int64_t max_context, bool visible) {
  constexpr int kDepth = 5;  // halvings of a quarter of a doubling
  const DecodeLaw law(parts, n, visible);
  std::vector<Sample> samples;
  for (const std::int64_t sum : decode_contexts(law, n, max_context)) {
    const Sample next = law.at(sum);
    if (samples.empty()) {
      samples.push_back(next);
    } else {
      refine(law, Sample(samples.back()), next, kDepth, samples);
    }
  }
  std::vector<Chord> chords{chord_between(samples, 0, samples.size() - 1, law.rest_ps())};
  while (chords.size() < kMostPieces) {
    const auto worst =
        std::max_element(chords.begin(), chords.end(),
                         [](const Chord& a, const Chord& b) { return a.error < b.error; });
    if (worst->error < (chords.size() < kMaxPieces ? kTolerance : kLooseTolerance)) break;
    const Chord split = *worst;
    *worst = chord_between(samples, split.from, split.worst, law.rest_ps());
    chords.push_back(chord_between(samples, split.worst, split.to, law.rest_ps()));
  }
  std::sort(chords.begin(), chords.end(),
            [](const Chord& a, const Chord& b) { return a.from < b.from; });
  std::vector<StepTable::Piece> pieces;
  for (const Chord& chord : chords) {
    const Sample& from = samples[chord.from];
    const Sample& to = samples[chord.to];
    const std::int64_t width = to.sum - from.sum;
    const std::int64_t rise = std::max<std::int64_t>(0, to.time_ps - from.time_ps);
    pieces.push_back(
        {from.sum, std::llround(on_chord(from, to, from.sum)), (rise + width / 2) / width});
  }
  // Fewer tokens than one a sequence cannot be; the first piece starts at 0 all the same.
  StepTable::Piece& first = pieces.front();
  first.base_ps = std::max<std::int64_t>(0, first.base_ps - first.slope_ps * first.context_from);
  first.context_from = 0;
  return pieces;
}

std::vector<std::vector<StepTable::Piece>> all_pieces(const StepParts& parts,
                                                      std::int64_t max_batch,
                                                      std::int64_t max_context, bool visible) {
  std::vector<std::vector<StepTable::Piece>> pieces{{{0, 0, 0}}};
  for (std::int64_t n = 1; n <= max_batch; ++n) {
    pieces.push_back(decode_pieces(parts, n, max_context, visible));
  }
  return pieces;
}

/// Chunk lengths of the prefill grid: both sides of every step of the law, which stands where
/// another block of queries begins. Blocks hold kQueryBlock queries of one head, or of all heads
/// that share a KV head.
std::vector<std::int64_t> chunk_grid(const StepParts& parts, std::int64_t max_chunk,
                                     bool measured) {
  // Inside one block of queries only the clock's share of computing changes, smoothly.
  std::vector<std::int64_t> grid{0, 1, 2, 4, 8, 16, 32, 64, 96, max_chunk};
  const auto add_edges = [&](std::int64_t from, std::int64_t to, std::int64_t step) {
    for (std::int64_t edge = from; edge < std::min(to, max_chunk); edge += step) {
      grid.push_back(edge);
      if (edge + 1 < max_chunk) grid.push_back(edge + 1);
    }
  };
  const Slice& slice = parts.slice();
  const std::int64_t group = std::max<std::int64_t>(1, slice.heads / slice.kv_heads);
  const std::int64_t packed = std::max<std::int64_t>(1, kQueryBlock / group);
  constexpr std::int64_t kMany = 200;  // blocks of which one more is under half a per cent
  add_edges(packed, kMany * packed, packed);
  add_edges(kQueryBlock, kMany * kQueryBlock, kQueryBlock);
  for (std::int64_t edge = kMany * kQueryBlock; edge < max_chunk; edge += edge / 32) {
    grid.push_back(edge);
  }
  if (measured) {  // kinks at the points of the grid
    add_edges(16, 128, 16);
    add_edges(160, 8192, 32);
  }
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

StepTable::PrefillGrid prefill_grid(const StepParts& parts, std::int64_t max_chunk,
                                    std::int64_t max_context, bool measured) {
  StepTable::PrefillGrid grid;
  grid.chunks = chunk_grid(parts, max_chunk, measured);
  grid.pasts = {0};
  const double ratio = measured ? 1.03 : 1.35;
  for (double past = 64; past < static_cast<double>(max_context); past *= ratio) {
    grid.pasts.push_back(std::llround(past));
  }
  grid.pasts.push_back(std::max<std::int64_t>(grid.pasts.back() + 1, max_context));

  grid.time_ps.reserve(grid.chunks.size() * grid.pasts.size());
  for (const std::int64_t chunk : grid.chunks) {
    for (const std::int64_t past : grid.pasts) {
      grid.time_ps.push_back(picoseconds(parts.prefill(chunk, past)));
    }
  }
  return grid;
}

// --- range ---------------------------------------------------------------------------------------

/// The largest x in [1, most] at which `outside(x)` is still 1, by doubling and halving.
template <class F>
std::int64_t largest_inside(std::int64_t most, F&& outside) {
  if (outside(most) <= 1) return most;
  std::int64_t low = 0;
  std::int64_t high = most;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (outside(middle) <= 1 ? low : high) = middle;
  }
  return low;
}

StepRange range_of(const StepParts& parts, const Limits& limits, std::int64_t max_context) {
  const KernelSet& kernels = parts.clock().kernels();
  StepRange range;
  range.calibrated = kernels.calibrated(KernelKind::kGemm) &&
                     kernels.calibrated(KernelKind::kPrefillAttention) &&
                     kernels.calibrated(KernelKind::kDecodeAttention);
  double worst_share = 1;
  const auto check = [&](std::string_view what, std::int64_t most, std::int64_t& field, auto walk) {
    field = most;
    std::string first;
    const auto outside = [&](std::int64_t x) {
      double worst = 1;
      walk(x, [&](std::string_view name, const KernelShape& shape, double) {
        const double out = kernels.model(shape).outside(shape);
        if (out > worst) {
          worst = out;
          first = name;
        }
      });
      return worst;
    };
    const double factor = outside(most);
    if (factor <= 1) return;
    range.notes.push_back(first + " leaves its measured range by a factor of " +
                          std::to_string(factor).substr(0, 5) + " at " + std::to_string(most) +
                          " " + std::string(what));
    field = largest_inside(most, outside);
    const double share = static_cast<double>(field) / static_cast<double>(most);
    if (share < worst_share || range.first_to_leave.empty()) {
      worst_share = share;
      range.first_to_leave = first;
    }
  };
  const Slice& slice = parts.slice();
  check(
      "tokens a step", limits.max_step_tokens, range.step_tokens,
      [&](std::int64_t tokens, auto&& sink) { dense_operators(slice, slice.share(tokens), sink); });
  check("sequences", limits.max_batch, range.batch, [&](std::int64_t n, auto&& sink) {
    decode_operators(slice, n, static_cast<double>(n) * 1024, sink);
  });
  check("tokens of context", max_context, range.context, [&](std::int64_t context, auto&& sink) {
    decode_operators(slice, 1, static_cast<double>(context), sink);
  });
  return range;
}

}  // namespace

CompiledSteps compile_steps(const Deployment& deployment, const Limits& limits) {
  HEADROOM_CHECK(limits.max_batch >= 1 && limits.max_step_tokens >= 1,
                 "a pool has a batch and a step");
  const StepParts parts(deployment);
  const std::int64_t max_context = context_limit(deployment, limits);
  const std::int64_t most_tokens = std::max(limits.max_batch, limits.max_step_tokens);

  StepTable::Parts table;
  // Measured grids have kinks wherever their points are: finer there.
  const bool measured = deployment.family == KernelFamily::kTable && deployment.kernels != nullptr;
  const std::vector<double> dense = dense_kernels(parts, most_tokens, measured);
  table.dense_ps = by_tokens(parts, dense, most_tokens, [&](double kernels) {
    return parts.floored(kernels) + parts.step_host();
  });
  table.per_sequence_ps = row_table(parts, limits.max_batch);
  table.decode_pieces = all_pieces(parts, limits.max_batch, max_context, true);
  if (parts.floored(0) > 0) {  // a step with prompts may come out from under the host's floor
    table.floor.time_ps = picoseconds(parts.floored(0));
    table.floor.host_ps = picoseconds(parts.step_host());
    table.floor.kernels_ps =
        by_tokens(parts, dense, most_tokens, [](double kernels) { return kernels; });
    table.floor.decode_pieces = all_pieces(parts, limits.max_batch, max_context, false);
  }
  table.prefill = prefill_grid(parts, limits.max_step_tokens, max_context, measured);

  CompiledSteps compiled;
  compiled.steps = std::make_shared<const StepTable>(std::move(table));
  compiled.range = range_of(parts, limits, max_context);
  return compiled;
}

}  // namespace headroom
