#include "headroom/workload/request_stream.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "compiled_impl.hpp"
#include "headroom/core/check.hpp"
#include "headroom/workload/config.hpp"

namespace headroom {
namespace {

constexpr double kMostTokens = 1e8;
constexpr double kLongestTime_s = 7'776'000;  // 90 days, the longest run
constexpr std::uint64_t kGapsPerBlock = 64;

std::int32_t tokens(double value) {
  return static_cast<std::int32_t>(std::clamp(value + 0.5, 1.0, kMostTokens));
}

/// At least one tick, at most the longest run: a longer service or patience cannot end in it.
Ticks drawn_time(double value_s) {
  return std::max(Ticks{1}, ticks_from_seconds(std::clamp(value_s, 0.0, kLongestTime_s)));
}

/// The `kind` of a random stream: class, stage and which of its draws. REQUIRES: fewer than 4,096
/// classes and 256 stages (checked when the stream is made).
std::uint32_t kind_of(std::uint32_t class_index, std::uint32_t stage, std::uint32_t part = 0) {
  return class_index | (stage << 12U) | (part << 20U);
}

/// Work of one stage of one request; depends on nothing but (config, key, class, entity, stage).
StageWork draw_work(const CompiledClass& c, const RunKey& key, std::uint32_t class_index,
                    std::uint32_t stage_index, std::uint64_t entity) {
  using Pairs = CompiledStage::Pairs;
  const CompiledStage& stage = c.stages[stage_index];
  StageWork work;
  const std::uint64_t row = c.trace ? (entity >> TraceCursor::kCopyBits) % c.trace->size() : 0;

  if (stage.pairs == Pairs::kOwnRow) {
    if (!c.trace->prompt_tokens.empty()) work.prompt_tokens = c.trace->prompt_tokens[row];
    if (!c.trace->output_tokens.empty()) work.output_tokens = c.trace->output_tokens[row];
  } else if (stage.pairs != Pairs::kNone) {
    RandomStream random(key, Purpose::kLengths, kind_of(class_index, stage.pairs_keyed_by, 2),
                        entity);
    if (stage.pairs == Pairs::kJoint) {
      double prompt = 0, output = 0;
      stage.joint->draw(random, prompt, output);
      work.prompt_tokens = tokens(prompt);
      work.output_tokens = tokens(output);
    } else {
      const auto drawn =
          static_cast<std::size_t>(random.uniform() * static_cast<double>(stage.rows->size()));
      work.prompt_tokens = stage.rows->prompt_tokens[drawn];
      work.output_tokens = stage.rows->output_tokens[drawn];
    }
  }
  if (stage.prompt) {
    RandomStream random(key, Purpose::kLengths, kind_of(class_index, stage.prompt_keyed_by, 0),
                        entity);
    work.prompt_tokens = tokens((*stage.prompt)(random));
  }
  if (stage.output) {
    RandomStream random(key, Purpose::kLengths, kind_of(class_index, stage.output_keyed_by, 1),
                        entity);
    work.output_tokens = tokens((*stage.output)(random));
  }
  if (c.prefix_hit_share && work.prompt_tokens > 0) {
    RandomStream random(key, Purpose::kPrefixHit, kind_of(class_index, 0), entity);
    const double share = std::clamp((*c.prefix_hit_share)(random), 0.0, 1.0);
    work.cached_tokens =
        std::min(static_cast<std::int32_t>(share * work.prompt_tokens), work.prompt_tokens - 1);
  }
  if (stage.service_s) {
    RandomStream random(key, Purpose::kService, kind_of(class_index, stage_index), entity);
    work.service = drawn_time((*stage.service_s)(random));
  } else if (stage.service_of_row) {
    work.service = Ticks{c.trace->service_ps[row]};
  }
  return work;
}

/// The arrivals of one class, filled in chunks.
class ClassArrivals {
 public:
  ClassArrivals(const CompiledWorkload::Impl& workload, std::uint32_t class_index,
                const RunKey& key, double share, double rate_multiplier, double offset)
      : compiled_(workload.classes[class_index]),
        class_index_(class_index),
        key_(key),
        cursor_(compiled_.rate),
        day_(workload.start_utc_s, compiled_.day_offset_s),
        mass_per_gap_(1 / (share * rate_multiplier)) {
    if (compiled_.trace) {
      trace_ = std::make_unique<TraceCursor>(*compiled_.trace, *compiled_.trace_config,
                                             workload.start_utc_s, workload.demand_end, key,
                                             class_index, share, offset, rate_multiplier);
    }
    fill();
  }

  /// Time of the next request; kNever when there is none.
  Ticks head() const { return used_ < filled_ ? at_[used_] : kNever; }

  /// Takes the next request's entity. REQUIRES: head() is a time.
  std::uint64_t take() {
    const std::uint64_t entity = trace_ ? entities_[used_] : first_entity_ + used_;
    if (++used_ == filled_ && !ended_) fill();
    return entity;
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
    first_entity_ += filled_;
    used_ = filled_ = 0;
    trace_ ? fill_from_trace() : fill_from_rate();
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
    while (filled_ < kGapsPerBlock &&
           cursor_.advance(compiled_.gap(random) * mass_per_gap_, at_[filled_])) {
      ++filled_;
    }
    ended_ = filled_ < kGapsPerBlock;
  }

  const CompiledClass& compiled_;
  std::uint32_t class_index_;
  RunKey key_;
  RateCursor cursor_;
  DayShare day_;
  double mass_per_gap_;  // of the whole demand's integral, for a gap of 1 in this cell
  std::unique_ptr<TraceCursor> trace_;
  std::array<Ticks, kGapsPerBlock> at_{};
  std::array<std::uint64_t, kGapsPerBlock> entities_{};
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
  RunKey key;
  std::vector<std::unique_ptr<ClassArrivals>> classes;
  std::vector<Ticks> heads;  // next arrival of each class, side by side for the search
  std::uint64_t next_id = 0;
};

RequestStream::RequestStream(const WorkloadConfig& config, const RunKey& key, double demand_share,
                             double rate_multiplier, double demand_offset)
    : impl_(std::make_unique<Impl>()) {
  HEADROOM_CHECK(demand_share > 0 && rate_multiplier > 0, "a stream has a share of the demand");
  HEADROOM_CHECK(config.classes.size() < 4096, "random streams tell 4,096 classes apart");
  impl_->compiled = config.compiled ? config.compiled : compile(config);
  impl_->key = key;
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
  if (first == heads.end() || *first == kNever) return false;
  const auto c = static_cast<std::uint32_t>(first - heads.begin());
  ClassArrivals& arrivals = *impl_->classes[c];
  request.id = RequestId{impl_->next_id++};
  request.request_class = ClassId{c};
  request.arrival = *first;
  request.entity = arrivals.take();
  *first = arrivals.head();

  const CompiledClass& compiled = arrivals.compiled();
  request.patience = kNever;
  if (compiled.patience_s) {
    RandomStream random(impl_->key, Purpose::kPatience, kind_of(c, 0), request.entity);
    request.patience = drawn_time((*compiled.patience_s)(random));
  }
  request.timeout = kNever;
  if (compiled.timeout_s) {
    RandomStream random(impl_->key, Purpose::kPatience, kind_of(c, 0, 1), request.entity);
    request.timeout = drawn_time((*compiled.timeout_s)(random));
  }
  request.earlier_today =
      compiled.user_days ? arrivals.earlier_today(request.arrival, request.entity) : 0;
  request.work = draw_work(compiled, impl_->key, c, 0, request.entity);
  return true;
}

StageWork RequestStream::stage_work(ClassId request_class, std::uint64_t entity,
                                    std::uint32_t stage) const {
  if (impl_->script) return impl_->script->later_work.at(entity).at(stage - 1);
  const std::uint32_t c = index(request_class);
  return draw_work(impl_->classes[c]->compiled(), impl_->key, c, stage, entity);
}

}  // namespace headroom
