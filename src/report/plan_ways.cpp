#include "plan_ways.hpp"

#include <fmt/format.h>

#include <cmath>

#include "headroom/json/document.hpp"
#include "headroom/report/format.hpp"
#include "plan_parts.hpp"

namespace headroom {
namespace {

const char* kind_word(LeverKind kind) {
  switch (kind) {
    case LeverKind::kDemand:
      return "demand";
    case LeverKind::kRateLimit:
      return "rate_limit";
    case LeverKind::kQuota:
      return "quota";
    case LeverKind::kDegrade:
      break;
  }
  return "degrade";
}

const char* unit_of(LeverKind kind) {
  switch (kind) {
    case LeverKind::kDemand:
      return "times the demand";
    case LeverKind::kRateLimit:
      return "requests/s";
    case LeverKind::kQuota:
      return "requests a user and day";
    case LeverKind::kDegrade:
      break;
  }
  return "";
}

const char* status_word(LeverStatus status) {
  switch (status) {
    case LeverStatus::kFound:
      return "found";
    case LeverStatus::kNeedless:
      return "needless";
    case LeverStatus::kNone:
      break;
  }
  return "none";
}

Json count_or_null(const std::optional<std::int64_t>& count) {
  return count ? Json(*count) : Json(nullptr);
}

Json point_row(const std::vector<TargetSpec>& targets, const LeverPoint& point) {
  const Judgement& judgement = point.judgement;
  return {{"value", number(point.value)},
          {"refused_share", number_or_null(point.refused_share)},
          {"replications", judgement.replications},
          {"in_busiest_hours", judgement.in_busiest_hours},
          {"confirmed", point.confirmed},
          {"rule", judgement.replications < 3 ? "point estimate" : "CI bound"},
          {"pass", judgement.holds},
          {"excluded", judgement.excluded},
          {"binding", binding_block(targets, judgement)},
          {"targets", judged_targets(targets, judgement)}};
}

Json row_or_null(const std::vector<TargetSpec>& targets, const std::optional<LeverPoint>& point) {
  return point ? point_row(targets, *point) : Json(nullptr);
}

Json rows_of(const std::vector<TargetSpec>& targets, const std::vector<LeverPoint>& points) {
  Json rows = Json::array();
  for (const LeverPoint& point : points) rows.push_back(point_row(targets, point));
  return rows;
}

/// "chat-answer 15.2 s, the limit is 10 s".
std::string missed_text(const std::vector<TargetSpec>& targets, const LeverPoint& point) {
  const Json binding = binding_block(targets, point.judgement);
  if (binding.is_null()) return "";
  const std::string unit = word(binding["unit"]);
  return fmt::format(
      "{} {}, the limit is {}", word(binding["id"]),
      binding["value"].is_null() ? std::string("lost") : format_value(real(binding["value"]), unit),
      format_value(real(binding["limit"]), unit));
}

/// "a cap of 420 requests/s on image-free", "a quota of 3 a user and day on image-free".
std::string setting_text(const LeverAnswer& lever, double value) {
  switch (lever.kind) {
    case LeverKind::kDemand:
      return fmt::format("{} x the demand", format_number(value));
    case LeverKind::kRateLimit:
      return fmt::format("a rate limit of {}/s on {}", format_number(value), lever.request_class);
    case LeverKind::kQuota:
      return fmt::format("a quota of {} a user and day on {}", format_number(value),
                         lever.request_class);
    case LeverKind::kDegrade:
      break;
  }
  return lever.name;
}

std::string refused_text(const LeverAnswer& lever) {
  if (!lever.answer || !(lever.answer->refused_share > 0)) return "";
  const Judgement& judgement = lever.answer->judgement;
  const bool of_hours =
      judgement.in_busiest_hours == judgement.replications && !lever.answer->confirmed;
  return fmt::format(" ({} of them refused{})", format_share(lever.answer->refused_share),
                     of_hours ? " in the busiest hours" : "");
}

std::string worth_text(const LeverAnswer& lever) {
  if (!lever.saved) return "";
  if (*lever.saved < 0) return fmt::format(", {} GPUs more", gpus_text(-*lever.saved));
  return fmt::format(", {} GPUs saved", gpus_text(*lever.saved));
}

std::string found_text(const LeverAnswer& lever) {
  if (lever.kind == LeverKind::kDegrade) {
    const FleetPlan& fleet = *lever.fleet;
    std::int64_t from = 0;
    for (const PoolAnswer& pool : fleet.pools) from += pool.from_gpus;
    const std::string open =
        from < *lever.gpus ? fmt::format(" ({} not excluded)", gpus_text(from)) : "";
    return fmt::format("{}: {} GPUs hold{}{}", lever.name, gpus_text(*lever.gpus), open,
                       worth_text(lever));
  }
  std::string text = fmt::format("today's {} GPUs hold ", gpus_text(*lever.gpus));
  text += lever.kind == LeverKind::kDemand ? "" : "with ";
  text += (lever.at_bound ? "at least " : "") + setting_text(lever, lever.value);
  text += refused_text(lever);
  if (lever.open > lever.value) {
    text += fmt::format(", up to {} not excluded", format_number(lever.open));
  }
  return text + worth_text(lever);
}

std::string lever_text(const LeverAnswer& lever) {
  switch (lever.status) {
    case LeverStatus::kFound:
      return found_text(lever);
    case LeverStatus::kNeedless:
      return lever.name + ": not needed, today's GPUs hold every target";
    case LeverStatus::kNone:
      break;
  }
  if (lever.kind == LeverKind::kDegrade) {
    const bool floor = lever.fleet && lever.fleet->status == PlanStatus::kInfeasible;
    return fmt::format("{}: {}", lever.name,
                       !lever.problem.empty() ? lever.problem
                       : floor                ? "a target is below the latency of an empty system"
                                              : "no fleet within the bounds holds every target");
  }
  std::string text = fmt::format("not even {}{} holds on today's GPUs: {}",
                                 setting_text(lever, lever.answer->value), refused_text(lever),
                                 missed_text(lever.targets, *lever.answer));
  if (lever.gpus) {
    text += fmt::format("; with it {} GPUs hold{}", gpus_text(*lever.gpus), worth_text(lever));
  }
  return text;
}

Json utc_or_null(const PlanReportInput& input, double at_s) {
  const json::TimePoint& start = input.resolved.scenario.time.start;
  if (!input.loaded.document.contains("/time/start") || !std::isfinite(at_s)) return nullptr;
  return json::format_utc(start.seconds + at_s);
}

/// How those fare who come before the date from which the deliveries hold.
Json until_block(const PlanReportInput& input, const DeliveryAnswer& delivery) {
  if (!delivery.until) return nullptr;
  const RunResult& run = *delivery.until;
  const PeriodResult& period = run.main_period();
  Json block = {{"replications", period.statistics.replications},
                {"first_breach_s", nullptr},
                {"first_breach_utc", nullptr},
                {"first_breach_target", nullptr},
                {"worst_s", nullptr},
                {"worst_target", nullptr},
                {"lost", nullptr},
                {"lost_share", nullptr}};
  for (std::size_t t = 0; t < period.verdicts.size(); ++t) {
    const TargetVerdict& verdict = period.verdicts[t];
    if (verdict.pass) continue;
    const TargetSpec& target = run.spec.targets[t];
    const Json& first = block["first_breach_s"];
    const bool sooner = verdict.by_minute && std::isfinite(verdict.first_breach_s) &&
                        (first.is_null() || verdict.first_breach_s < first.get<double>());
    if (sooner) {
      block["first_breach_s"] = number(verdict.first_breach_s);
      block["first_breach_utc"] = utc_or_null(input, verdict.first_breach_s);
      block["first_breach_target"] = target.id;
    }
    const bool time = metrics()[static_cast<std::size_t>(target.metric)].unit == "s";
    const double value = verdict.by_minute ? verdict.worst.value : verdict.value.value;
    const Json& worst = block["worst_s"];
    if (time && std::isfinite(value) && (worst.is_null() || value > worst.get<double>())) {
      block["worst_s"] = number(value);
      block["worst_target"] = target.id;
    }
  }
  const GroupStatistics& all = period.statistics.groups.back().front();
  double lost = 0;
  for (const EndState state :
       {EndState::kRejected, EndState::kAbandoned, EndState::kFailed, EndState::kUnfinished}) {
    lost += all.ended[static_cast<std::size_t>(state)].estimate(0.95).value;
  }
  const double arrived = all.arrived.estimate(0.95).value;
  block["lost"] = number_or_null(lost);
  block["lost_share"] = arrived > 0 ? number_or_null(lost / arrived) : Json(nullptr);
  return block;
}

std::string moment_text(const PlanReportInput& input, double at_s) {
  const Json utc = utc_or_null(input, at_s);
  if (utc.is_null()) return format_seconds(at_s);
  std::string text = utc.get<std::string>();
  text[10] = ' ';
  return text.substr(0, 16) + " UTC";
}

std::string delivery_text(const PlanReportInput& input, const DeliveryAnswer& delivery) {
  const std::string from = moment_text(input, delivery.from_s);
  switch (delivery.status) {
    case LeverStatus::kFound: {
      std::string text =
          fmt::format("{} of the {} GPUs that arrive hold every target from {} on",
                      gpus_text(delivery.needed_gpus), gpus_text(delivery.stated_gpus), from);
      if (!delivery.asked) text += ", the earliest date that all of them do";
      if (delivery.saved) {
        text +=
            fmt::format("; {} GPUs {} than from the start", gpus_text(std::abs(*delivery.saved)),
                        *delivery.saved >= 0 ? "fewer" : "more");
      }
      return text;
    }
    case LeverStatus::kNeedless:
      return fmt::format("none of the GPUs that arrive is needed from {} on", from);
    case LeverStatus::kNone:
      break;
  }
  const std::string all = gpus_text(delivery.stated_gpus);
  if (!delivery.asked)
    return fmt::format("not even all {} GPUs that arrive hold, at any date", all);
  std::string text =
      fmt::format("not even all {} GPUs that arrive hold every target from {} on: {}", all, from,
                  missed_text(delivery.targets, *delivery.answer));
  if (delivery.earliest_s) {
    text += fmt::format("; they do from {} on", moment_text(input, *delivery.earliest_s));
  }
  return text;
}

}  // namespace

Json ways_out_block(const PlanReportInput& input) {
  Json list = Json::array();
  if (input.ways == nullptr) return list;
  for (const LeverAnswer& lever : input.ways->levers) {
    const bool valued = lever.answer.has_value();
    list.push_back(
        {{"lever", kind_word(lever.kind)},
         {"name", lever.name},
         {"class", lever.request_class.empty() ? Json(nullptr) : Json(lever.request_class)},
         {"status", status_word(lever.status)},
         {"text", lever_text(lever)},
         {"unit", unit_of(lever.kind)},
         {"value", valued ? number(lever.value) : Json(nullptr)},
         {"value_ci",
          valued ? Json::array({number(lever.value), number(lever.open)}) : Json(nullptr)},
         {"separated", lever.separated},
         {"at_bound", lever.at_bound},
         {"verdict_replications", lever.look.replications},
         {"gpus", count_or_null(lever.gpus)},
         {"gpus_saved", count_or_null(lever.saved)},
         {"answer", row_or_null(lever.targets, lever.answer)},
         {"beyond", row_or_null(lever.targets, lever.beyond)},
         {"curve", rows_of(lever.targets, lever.curve)}});
  }
  return list;
}

Json delivery_block(const PlanReportInput& input) {
  if (input.ways == nullptr || !input.ways->delivery) return nullptr;
  const DeliveryAnswer& delivery = *input.ways->delivery;
  Json batches = Json::array();
  for (const DeliveryBatch& batch : delivery.batches) {
    batches.push_back({{"pool", input.resolved.pools[batch.pool].config.name},
                       {"at_s", number(batch.at_s)},
                       {"at_utc", utc_or_null(input, batch.at_s)},
                       {"gpus", batch.gpus},
                       {"needed_gpus", batch.needed_gpus}});
  }
  const bool found =
      delivery.status == LeverStatus::kFound || delivery.status == LeverStatus::kNeedless;
  return {{"status", status_word(delivery.status)},
          {"headline", delivery_text(input, delivery)},
          {"from_s", number(delivery.from_s)},
          {"from_utc", utc_or_null(input, delivery.from_s)},
          {"asked", delivery.asked},
          {"date_step_s", number(delivery.date_step_s)},
          {"earliest_s", delivery.earliest_s ? number(*delivery.earliest_s) : Json(nullptr)},
          {"stated_gpus", delivery.stated_gpus},
          {"needed_gpus", found ? Json(delivery.needed_gpus) : Json(nullptr)},
          {"needed_ci",
           found ? Json::array({delivery.open_gpus, delivery.needed_gpus}) : Json(nullptr)},
          {"separated", delivery.separated},
          {"verdict_replications", delivery.look.replications},
          {"gpus", count_or_null(delivery.gpus)},
          {"gpus_saved", count_or_null(delivery.saved)},
          {"batches", std::move(batches)},
          {"answer", row_or_null(delivery.targets, delivery.answer)},
          {"below", row_or_null(delivery.targets, delivery.below)},
          {"curve", rows_of(delivery.targets, delivery.curve)},
          {"until", until_block(input, delivery)},
          {"left_out", delivery.left_out}};
}

Json claims_block(const PlanReportInput& input) {
  Json list = Json::array();
  const FleetPlan& plan = input.result.plan;
  std::int64_t extra = 0;
  for (const PoolAnswer& pool : plan.pools) {
    extra += pool.needed_gpus - input.resolved.pools[pool.pool].gpus();
  }
  for (const PlanClaim& claim : input.resolved.scenario.plan.claims) {
    const bool comparable = plan.status == PlanStatus::kFound && extra > 0;
    list.push_back({{"name", claim.name},
                    {"extra_gpus", claim.extra_gpus},
                    {"source", claim.source},
                    {"times_answer", comparable ? number(static_cast<double>(claim.extra_gpus) /
                                                         static_cast<double>(extra))
                                                : Json(nullptr)}});
  }
  return list;
}

Json rests_on_block(const PlanReportInput& input, const Json& assumptions) {
  Json list = Json::array();
  for (const std::string& path : input.resolved.scenario.plan.rests_on) {
    for (const Json& row : assumptions) {
      if (row["path"] == path) list.push_back(row);
    }
  }
  return list;
}

}  // namespace headroom
