#include "headroom/workload/request_stream.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "compiled_impl.hpp"
#include "headroom/core/check.hpp"
#include "headroom/workload/config.hpp"

namespace headroom {
namespace {

constexpr double kMostTokens = 1e8;
constexpr double kLongestTime_s = 7'776'000;  // 90 days, the longest run
constexpr std::uint64_t kGapsPerBlock = 64;
constexpr std::size_t kBlock = kGapsPerBlock;  // requests drawn together

std::int32_t tokens(double value) {
  return static_cast<std::int32_t>(std::clamp(value + 0.5, 1.0, kMostTokens));
}

/// At least one tick, at most the longest run: a longer service or patience cannot end in it.
Ticks drawn_time(double value_s) {
  return std::max(Ticks{1}, ticks_from_seconds(std::clamp(value_s, 0.0, kLongestTime_s)));
}

/// The `kind` of a random stream: class, stage and which of its draws. REQUIRES: fewer than 4,096
/// classes and 256 stages (the scenario has fewer).
std::uint32_t kind_of(std::uint32_t class_index, std::uint32_t stage, std::uint32_t part = 0) {
  return class_index | (stage << 12U) | (part << 20U);
}

/// Work of one stage of requests; each depends on nothing but (config, key, class, entity, stage).
/// As many of `works` as of `entities`, at most kBlock.
void draw_works(const CompiledClass& c, const StreamKey& key, std::uint32_t class_index,
                std::uint32_t stage_index, std::span<const std::uint64_t> entities,
                std::span<StageWork> works) {
  using Pairs = CompiledStage::Pairs;
  const CompiledStage& stage = c.stages[stage_index];
  std::array<double, kBlock> buffer;
  const std::span<double> drawn = std::span(buffer).first(works.size());
  const auto row_of = [&c](std::uint64_t entity) {
    return (entity >> TraceCursor::kCopyBits) % c.trace->size();
  };
  std::fill(works.begin(), works.end(), StageWork{});

  for (std::size_t i = 0; i < works.size() && stage.pairs != Pairs::kNone; ++i) {
    if (stage.pairs == Pairs::kOwnRow) {
      const std::uint64_t row = row_of(entities[i]);
      if (!c.trace->prompt_tokens.empty()) works[i].prompt_tokens = c.trace->prompt_tokens[row];
      if (!c.trace->output_tokens.empty()) works[i].output_tokens = c.trace->output_tokens[row];
      continue;
    }
    RandomStream random(key, Purpose::kLengths, kind_of(class_index, stage.pairs_keyed_by, 2),
                        entities[i]);
    if (stage.pairs == Pairs::kJoint) {
      double prompt = 0, output = 0;
      stage.joint->draw(random, prompt, output);
      works[i].prompt_tokens = tokens(prompt);
      works[i].output_tokens = tokens(output);
    } else {
      const auto row =
          static_cast<std::size_t>(random.uniform() * static_cast<double>(stage.rows->size()));
      works[i].prompt_tokens = stage.rows->prompt_tokens[row];
      works[i].output_tokens = stage.rows->output_tokens[row];
    }
  }
  if (stage.prompt) {
    stage.prompt->fill(key, Purpose::kLengths, kind_of(class_index, stage.prompt_keyed_by, 0),
                       entities, drawn);
    for (std::size_t i = 0; i < works.size(); ++i) works[i].prompt_tokens = tokens(drawn[i]);
  }
  if (stage.output) {
    stage.output->fill(key, Purpose::kLengths, kind_of(class_index, stage.output_keyed_by, 1),
                       entities, drawn);
    for (std::size_t i = 0; i < works.size(); ++i) works[i].output_tokens = tokens(drawn[i]);
  }
  if (c.prefix_hit_share) {
    c.prefix_hit_share->fill(key, Purpose::kPrefixHit, kind_of(class_index, 0), entities, drawn);
    for (std::size_t i = 0; i < works.size(); ++i) {
      StageWork& work = works[i];
      if (work.prompt_tokens == 0) continue;
      const double share = std::clamp(drawn[i], 0.0, 1.0);
      work.cached_tokens =
          std::min(static_cast<std::int32_t>(share * work.prompt_tokens), work.prompt_tokens - 1);
    }
  }
  if (stage.service_s) {
    stage.service_s->fill(key, Purpose::kService, kind_of(class_index, stage_index), entities,
                          drawn);
    for (std::size_t i = 0; i < works.size(); ++i) works[i].service = drawn_time(drawn[i]);
  } else if (stage.service_of_row) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      works[i].service = Ticks{c.trace->service_ps[row_of(entities[i])]};
    }
  }
}

/// The arrivals of one class, filled in chunks.
class ClassArrivals {
 public:
  ClassArrivals(const CompiledWorkload::Impl& workload, std::uint32_t class_index,
                const RunKey& key, double share, double rate_multiplier, double offset)
      : compiled_(workload.classes[class_index]),
        class_index_(class_index),
        key_(StreamKey(key)),
        cursor_(compiled_.rate),
        day_(workload.start_utc_s, compiled_.day_offset_s),
        mass_per_gap_(1 / (share * rate_multiplier)) {
    patience_.fill(kNever);
    timeout_.fill(kNever);
    if (compiled_.modulation) {
      modulation_.emplace(*compiled_.modulation, compiled_.rate, key, kind_of(class_index, 0));
    }
    if (compiled_.trace) {
      trace_ = std::make_unique<TraceCursor>(*compiled_.trace, *compiled_.trace_config,
                                             workload.start_utc_s, workload.demand_end, key,
                                             class_index, share, offset, rate_multiplier);
    }
    fill();
  }

  /// Time of the next request; kNever when there is none.
  Ticks head() const { return used_ < filled_ ? at_[used_] : kNever; }

  /// Takes the next request. REQUIRES: head() is a time.
  void take(Request& request) {
    request.arrival = at_[used_];
    request.entity = entities_[used_];
    request.patience = patience_[used_];
    request.timeout = timeout_[used_];
    request.work = works_[used_];
    if (++used_ == filled_ && !ended_) fill();
  }

  /// Leaves out those who come before `time`; of most of them nothing but the arrival is drawn.
  void skip_to(Ticks time) {
    bool moved = false;
    while (filled_ > 0 && at_[filled_ - 1] < time && !ended_) {
      draw_arrivals();
      moved = true;
    }
    if (moved) draw_requests();
    const auto arrivals = std::span(std::as_const(at_)).first(filled_);
    const auto first = std::lower_bound(arrivals.begin(), arrivals.end(), time);
    used_ = std::max(used_, static_cast<std::size_t>(first - arrivals.begin()));
  }

  const CompiledClass& compiled() const { return compiled_; }

  /// How many requests the user of this one made earlier that day (docs/demand.md#quotas).
  std::int32_t earlier_today(Ticks arrival, std::uint64_t entity) {
    RandomStream random(key_, Purpose::kUsers, class_index_, entity);
    const std::int32_t size = compiled_.user_days->size(random.uniform());
    return draw_binomial(random, size - 1, day_.before(compiled_.rate, seconds(arrival)));
  }

 private:
  void fill() {
    draw_arrivals();
    draw_requests();
  }

  void draw_arrivals() {
    first_entity_ += filled_;
    used_ = filled_ = 0;
    trace_ ? fill_from_trace() : fill_from_rate();
  }

  void draw_requests() {
    const auto entities = std::span(std::as_const(entities_)).first(filled_);
    draw_works(compiled_, key_, class_index_, 0, entities, std::span(works_).first(filled_));
    draw_times(compiled_.patience_s, 0, patience_);
    draw_times(compiled_.timeout_s, 1, timeout_);
  }

  /// How long the block's users wait: `part` tells the two draws of one request apart.
  void draw_times(const std::optional<Sampler>& sampler, std::uint32_t part,
                  std::array<Ticks, kBlock>& times) {
    if (!sampler) return;
    std::array<double, kBlock> drawn;
    sampler->fill(key_, Purpose::kPatience, kind_of(class_index_, 0, part),
                  std::span(std::as_const(entities_)).first(filled_),
                  std::span(drawn).first(filled_));
    for (std::size_t i = 0; i < filled_; ++i) times[i] = drawn_time(drawn[i]);
  }

  void fill_from_trace() {
    while (filled_ < kGapsPerBlock && trace_->next(at_[filled_], entities_[filled_])) {
      ++filled_;
    }
    ended_ = filled_ < kGapsPerBlock;
  }

  /// One block of gaps is one random stream: the requests' numbers key it, 64 at a time.
  void fill_from_rate() {
    RandomStream random(key_, Purpose::kArrival, kind_of(class_index_, 0),
                        first_entity_ / kGapsPerBlock);
    std::array<double, kBlock> gaps;
    compiled_.gap.fill(random, gaps);
    while (filled_ < kGapsPerBlock) {
      double mass = gaps[filled_] * mass_per_gap_;
      if (modulation_) mass = modulation_->unmodulated(mass);
      if (!cursor_.advance(mass, at_[filled_])) break;
      entities_[filled_] = first_entity_ + filled_;
      ++filled_;
    }
    ended_ = filled_ < kGapsPerBlock;
  }

  const CompiledClass& compiled_;
  std::uint32_t class_index_;
  StreamKey key_;
  RateCursor cursor_;
  DayShare day_;
  std::optional<ModulationCursor> modulation_;
  double mass_per_gap_;  // of the whole demand's integral, for a gap of 1 in this cell
  std::unique_ptr<TraceCursor> trace_;
  std::array<Ticks, kGapsPerBlock> at_{};
  std::array<std::uint64_t, kGapsPerBlock> entities_{};
  std::array<Ticks, kGapsPerBlock> patience_, timeout_;
  std::array<StageWork, kGapsPerBlock> works_{};
  std::uint64_t first_entity_ = 0;
  std::size_t used_ = 0, filled_ = 0;
  bool ended_ = false;
};

}  // namespace

struct RequestStream::Impl {
  /// Requests written down beforehand, in place of drawn ones.
  struct Script {
    std::vector<Request> requests;
    std::vector<std::vector<StageWork>> later_work;  // by entity
    std::size_t next = 0;
  };
  std::optional<Script> script;
  std::shared_ptr<const CompiledWorkload> compiled;
  StreamKey key{RunKey{}};
  std::vector<std::unique_ptr<ClassArrivals>> classes;
  std::vector<Ticks> heads;  // next arrival of each class, side by side for the search
  std::uint64_t next_id = 0;
  std::int64_t spacing = 1;
  Ticks end = kNever;  // who arrives later is left out
};

RequestStream::RequestStream(const WorkloadConfig& config, const RunKey& key, double demand_share,
                             double rate_multiplier, double demand_offset)
    : impl_(std::make_unique<Impl>()) {
  HEADROOM_CHECK(demand_share > 0 && rate_multiplier > 0, "a stream has a share of the demand");
  HEADROOM_CHECK(config.classes.size() < 4096, "random streams tell 4,096 classes apart");
  impl_->compiled = config.compiled ? config.compiled : compile(config);
  impl_->key = StreamKey(key);
  const auto& workload = impl_->compiled->impl();
  for (std::uint32_t i = 0; i < workload.classes.size(); ++i) {
    impl_->classes.push_back(std::make_unique<ClassArrivals>(workload, i, key, demand_share,
                                                             rate_multiplier, demand_offset));
    impl_->heads.push_back(impl_->classes.back()->head());
  }
}

RequestStream::RequestStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestStream::~RequestStream() = default;
RequestStream::RequestStream(RequestStream&&) noexcept = default;

RequestStream RequestStream::from_requests(std::vector<Request> requests,
                                           std::vector<std::vector<StageWork>> later_work) {
  auto impl = std::make_unique<Impl>();
  impl->script.emplace(Impl::Script{std::move(requests), std::move(later_work), 0});
  return RequestStream(std::move(impl));
}

bool RequestStream::next(Request& request) {
  if (impl_->script) {
    Impl::Script& script = *impl_->script;
    if (script.next == script.requests.size()) return false;
    request = script.requests[script.next++];
    return true;
  }
  auto& heads = impl_->heads;
  const auto first = std::min_element(heads.begin(), heads.end());  // of equal ones the first class
  if (first == heads.end() || *first >= impl_->end) return false;
  const auto c = static_cast<std::uint32_t>(first - heads.begin());
  ClassArrivals& arrivals = *impl_->classes[c];
  request.id = RequestId{impl_->next_id++};
  request.request_class = ClassId{c};
  arrivals.take(request);
  *first = arrivals.head();
  request.earlier_today =
      arrivals.compiled().user_days ? arrivals.earlier_today(request.arrival, request.entity) : 0;
  request.arrival = request.arrival * impl_->spacing;  // after all that goes by the time of day
  return true;
}

void RequestStream::spread(std::int64_t times) {
  HEADROOM_CHECK(times >= 1, "arrivals are not drawn together");
  impl_->spacing = times;
}

void RequestStream::only(Ticks from, Ticks to) {
  HEADROOM_CHECK(!impl_->script && from <= to, "a part of drawn requests");
  for (std::size_t c = 0; c < impl_->classes.size(); ++c) {
    impl_->classes[c]->skip_to(from);
    impl_->heads[c] = impl_->classes[c]->head();
  }
  impl_->end = to;
}

StageWork RequestStream::stage_work(ClassId request_class, std::uint64_t entity,
                                    std::uint32_t stage) const {
  if (impl_->script) return impl_->script->later_work.at(entity).at(stage - 1);
  const std::uint32_t c = index(request_class);
  StageWork work;
  draw_works(impl_->classes[c]->compiled(), impl_->key, c, stage, std::span(&entity, 1),
             std::span(&work, 1));
  return work;
}

}  // namespace headroom
