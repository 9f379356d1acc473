#include "worlds_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>

#include "headroom/report/format.hpp"
#include "plan_parts.hpp"

namespace headroom {
namespace {

const char* status_word(PlanStatus status) {
  if (status == PlanStatus::kFound) return "found";
  return status == PlanStatus::kStopped ? "stopped" : "out_of_bounds";
}

Json inputs_block(const std::vector<UncertainInput>& inputs) {
  Json list = Json::array();
  for (const UncertainInput& input : inputs) {
    Json fields = Json::array();
    for (const UncertainField& field : input.fields) {
      fields.push_back({{"path", field.path},
                        {"stated", shown_value(field, field.stated)},
                        {"low", shown_value(field, field.low)},
                        {"high", shown_value(field, field.high)}});
    }
    list.push_back({{"name", input.name}, {"kind", input.kind}, {"fields", std::move(fields)}});
  }
  return list;
}

Json search_block(const EvaluationCounts& counts) {
  return {{"candidates", counts.candidates},
          {"runs", number(counts.runs)},
          {"requests", number(counts.requests)},
          {"events", number(counts.events)}};
}

Json point_block(const WorldsPoint& point, std::size_t worlds) {
  return {{"gpus", point.gpus},
          {"hold", point.hold},
          {"worlds", worlds},
          {"simulated", point.simulated},
          {"whole", point.whole},
          {"share", number(point.share.share)},
          {"ci", Json::array({number(point.share.low), number(point.share.high)})}};
}

Json optional_gpus(const std::optional<std::int64_t>& gpus) {
  return gpus ? Json(*gpus) : Json(nullptr);
}

Json world_row(const WorldKnown& known, const std::vector<UncertainInput>& inputs,
               const std::vector<TargetSpec>& targets) {
  Json values = Json::array();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values.push_back(shown_value(inputs[i].fields.front(), known.world.values[i].front()));
  }
  Json below_floor = Json::array();
  for (const FloorMiss& miss : known.floor) below_floor.push_back(targets[miss.target].id);
  return {{"world", known.world.number},
          {"values", std::move(values)},
          {"holds_gpus", optional_gpus(known.holds_gpus)},
          {"fails_gpus", optional_gpus(known.fails_gpus)},
          {"below_floor", std::move(below_floor)}};
}

std::string worlds_headline(const PlanReportInput& input, const Json& block) {
  const WorldsPlan& worlds = *input.worlds;
  const std::string asked = format_share(input.worlds_options.assurance);
  const std::size_t drawn = worlds.worlds.size();
  if (worlds.status == PlanStatus::kStopped) return "stopped before there was an answer";
  std::set<std::string> missed;
  for (const WorldKnown& known : worlds.worlds) {
    for (const FloorMiss& miss : known.floor) {
      missed.insert(input.result.today.spec.targets[miss.target].id);
    }
  }
  const std::string of_all = fmt::format(
      "no fleet of any size holds every target in {} of the worlds: in {} of {} an empty one "
      "misses {}",
      asked, drawn - worlds.possible, drawn, fmt::join(missed, " or "));
  if (!worlds.answer) return of_all;
  const WorldsPoint& answer = *worlds.answer;
  const bool all_possible = worlds.possible < worlds.wanted && answer.hold == worlds.possible;
  if (worlds.status == PlanStatus::kOutOfBounds && all_possible) {
    return fmt::format("{}; {} GPUs hold them all in the other {}", of_all,
                       format_count(static_cast<double>(answer.gpus)), worlds.possible);
  }
  const std::string share =
      fmt::format("{} of {} worlds ({}; {:g} % interval {} to {})", answer.hold, drawn,
                  format_share(answer.share.share), 100 * input.worlds_options.confidence,
                  format_share(answer.share.low), format_share(answer.share.high));
  if (worlds.status == PlanStatus::kOutOfBounds) {
    return fmt::format(
        "no fleet up to {} GPUs holds every target in {} of the worlds: that one in {}",
        format_count(static_cast<double>(worlds.max_gpus)), asked, share);
  }
  const auto extra = block["extra_gpus"].get<double>();
  return fmt::format("{} GPUs ({}{}) hold every target in {}; asked for: {}",
                     format_count(static_cast<double>(worlds.needed_gpus)), extra > 0 ? "+" : "",
                     format_count(extra), share, asked);
}

Json end_block(const TornadoEnd& end, const std::vector<UncertainField>& fields,
               std::int64_t stated) {
  Json values = Json::array();
  for (std::size_t f = 0; f < end.values.size(); ++f) {
    values.push_back(shown_value(fields[f], end.values[f]));
  }
  return {{"values", std::move(values)},
          {"found", end.found},
          {"below_floor", end.below_floor},
          {"gpus", end.gpus},
          {"more_gpus", end.gpus - stated}};
}

}  // namespace

Json worlds_block(const PlanReportInput& input) {
  const WorldsPlan& worlds = *input.worlds;
  const std::size_t drawn = worlds.worlds.size();
  const bool found = worlds.status == PlanStatus::kFound;
  const std::int64_t now = current_of_free(input);
  Json block = {{"headline", ""},
                {"status", status_word(worlds.status)},
                {"worlds", drawn},
                {"assurance", number(input.worlds_options.assurance)},
                {"confidence", number(input.worlds_options.confidence)},
                {"replications", input.worlds_options.replications},
                {"free_gpus", now},
                {"needed_gpus", found ? Json(worlds.needed_gpus) : Json(nullptr)},
                {"extra_gpus", found ? Json(worlds.needed_gpus - now) : Json(nullptr)},
                {"from_gpus", found ? Json(worlds.from_gpus) : Json(nullptr)},
                {"step_gpus", worlds.step_gpus},
                {"max_gpus", worlds.max_gpus},
                {"possible", worlds.possible},
                {"answer", worlds.answer ? point_block(*worlds.answer, drawn) : Json(nullptr)},
                {"below", worlds.below ? point_block(*worlds.below, drawn) : Json(nullptr)},
                {"curve", Json::array()},
                {"inputs", inputs_block(worlds.inputs)},
                {"drawn", Json::array()},
                {"search", search_block(worlds.counts)}};
  block["headline"] = worlds_headline(input, block);
  for (const WorldsPoint& point : worlds.curve) {
    block["curve"].push_back(point_block(point, drawn));
  }
  for (const WorldKnown& known : worlds.worlds) {
    block["drawn"].push_back(world_row(known, worlds.inputs, input.result.today.spec.targets));
  }
  return block;
}

Json tornado_block(const PlanReportInput& input) {
  const Tornado& tornado = *input.tornado;
  const std::int64_t stated = tornado.stated.gpus;
  Json rows = Json::array();
  for (const TornadoRow& row : tornado.rows) {
    const UncertainInput& uncertain = tornado.inputs[row.input];
    const auto [least, most] = std::minmax({row.low.gpus, row.high.gpus, stated});
    rows.push_back({{"input", uncertain.name},
                    {"low", end_block(row.low, uncertain.fields, stated)},
                    {"high", end_block(row.high, uncertain.fields, stated)},
                    {"swing_gpus", most - least}});
  }
  return {{"status", status_word(tornado.status)},
          {"replications", input.worlds_options.replications},
          {"in_busiest_hours", tornado.in_busiest_hours},
          {"free_gpus", current_of_free(input)},
          {"stated_gpus", stated},
          {"stated_found", tornado.stated.found},
          {"step_gpus", tornado.step_gpus},
          {"max_gpus", tornado.max_gpus},
          {"inputs", inputs_block(tornado.inputs)},
          {"rows", std::move(rows)},
          {"search", search_block(tornado.counts)}};
}

}  // namespace headroom
