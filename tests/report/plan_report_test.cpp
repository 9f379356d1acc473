#include "headroom/report/plan_report.hpp"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "headroom/report/format.hpp"
#include "headroom/scenario/load.hpp"
#include "small_scenarios.hpp"
#include "support/catch.hpp"
#include "validator.hpp"

using namespace headroom;
using namespace headroom::test;
using Json = nlohmann::ordered_json;

namespace {

struct Planned {
  LoadedScenario loaded;
  ResolvedScenario resolved;
  PlanOptions options;
  PlanResult result;
};

Planned plan_text(const std::string& text, std::optional<std::int64_t> most = {},
                  unsigned threads = 1) {
  LoadedScenario loaded = parse_scenario(text, "tiny.json", ".");
  ResolvedScenario resolved = resolve(loaded);
  PlanOptions options;
  options.looks = fixed_look(static_cast<std::size_t>(resolved.scenario.replications), 0.95);
  options.max_gpus = most;
  ExecOptions exec;
  exec.threads = threads;
  Evaluator evaluator(exec);
  PlanResult result = plan(resolved, options, evaluator);
  return {std::move(loaded), std::move(resolved), options, std::move(result)};
}

Json report_of(const Planned& planned) {
  return make_plan_report({planned.loaded,
                           planned.resolved,
                           planned.resolved,
                           planned.result,
                           planned.options,
                           {},
                           {"0.0.0", "unknown", "test"},
                           {"", "host"},
                           1.0,
                           {}});
}

/// As kSpike, on GPUs that the catalogue has prices and nodes for.
std::string priced_spike() {
  std::string text = kSpike;
  const std::string service = "\"service_time\"";
  return text.insert(text.find(service), "\"gpu\": \"A100-SXM-80GB\", ");
}

TEST_CASE("a plan's report is valid, and answers how many GPUs", "[report][plan]") {
  const Planned planned = plan_text(priced_spike());
  const Json report = report_of(planned);
  check_valid(plan_schema(), report);
  const Json& answer = report["answer"];
  CHECK(report["kind"] == "plan");
  CHECK(answer["status"] == "found");
  CHECK(answer["verdict"] == "fail");
  // 6 a second of 1 s each for five minutes keep 6 servers busy; p95 within 30 s needs about that.
  const auto needed = answer["needed_gpus"].get<std::int64_t>();
  CHECK(needed >= 5);
  CHECK(needed <= 8);
  CHECK(answer["extra_gpus"] == needed - 4);
  CHECK(answer["fleet"][0]["needed"] == needed);
  CHECK(answer["fleet"][0]["add"] == needed - 4);
  CHECK(answer["fleet"][0]["node_gpus"] == 8);
  CHECK(answer["node_loss_gpus"] == needed + 8);
  CHECK(answer["targets"][0]["pass"] == true);
  CHECK(answer["below"][0]["gpus"] == needed - 1);
  CHECK(answer["below"][0]["pass"] == false);
}

TEST_CASE("cost is by the catalogue's prices, with their date and source", "[report][plan]") {
  const Planned planned = plan_text(priced_spike());
  const Json report = report_of(planned);
  const Json& cost = report["answer"]["cost"];
  const double needed = report["answer"]["needed_gpus"];
  REQUIRE(cost["prices"].size() == 2);
  CHECK(cost["prices"][0]["usd_per_gpu_h"] == 1.79);
  CHECK_FALSE(cost["prices"][0]["source"].get<std::string>().empty());
  CHECK_FALSE(cost["prices"][0]["date"].get<std::string>().empty());
  CHECK(cost["needed_usd_per_h"].get<double>() == Approx(1.79 * needed));
  CHECK(cost["extra_usd_per_h"].get<double>() == Approx(1.79 * (needed - 4)));
  CHECK(cost["gpu_hours"].get<double>() == Approx(needed / 3));  // 20 minutes
  CHECK(cost["needed_power_w"].get<double>() == Approx(400 * needed));
  // Without a known GPU there is no price, and no false zero.
  const Json plain = report_of(plan_text(kSpike));
  CHECK(plain["answer"]["cost"]["needed_usd_per_h"].is_null());
  CHECK(plain["answer"]["fleet"][0]["node_gpus"].is_null());
}

TEST_CASE("doing nothing says when it breaks, how badly, and who is lost", "[report][plan]") {
  const Planned planned = plan_text(kSpike);
  const Json report = report_of(planned);
  const Json& nothing = report["do_nothing"];
  CHECK(nothing["verdict"] == "fail");
  CHECK(nothing["first_breach_target"] == "delay");
  // The queue grows by 2 a second from 300 s on; 30 s are 120 requests, a minute later.
  CHECK(nothing["first_breach_s"].get<double>() >= 300);
  CHECK(nothing["first_breach_s"].get<double>() <= 420);
  CHECK(nothing["worst_s"].get<double>() > 100);
  CHECK(nothing["backlog_peak"].get<double>() == Approx(600).epsilon(0.2));
  CHECK(nothing["lost"] == 0);
}

TEST_CASE("the curve has every fleet tried, and the knee a bracket", "[report][plan]") {
  const Planned planned = plan_text(kSpike);
  const Json report = report_of(planned);
  double before = 0;
  std::size_t answers = 0;
  for (const Json& row : report["curve"]) {
    CHECK(row["gpus"].get<double>() >= before);
    before = row["gpus"];
    answers += row["role"] == "answer" ? 1 : 0;
  }
  CHECK(answers == 1);
  CHECK(report["curve"].size() >= 4);  // the answer, one below, two above
  CHECK(report["knee"]["points"].size() >= 3);
  CHECK(report["knee"]["holds"].get<double>() < 1);
  CHECK(report["knee"]["fails"].get<double>() <= 1);
  CHECK(report["search"]["requests"].get<double>() > 1000);
}

TEST_CASE("the screen of a plan keeps to its columns and puts the answer first", "[report][plan]") {
  const Json report = report_of(plan_text(priced_spike()));
  for (const bool unicode : {false, true}) {
    const std::string text = render_plan_text(report, {false, unicode, 80});
    std::istringstream in(text);
    std::size_t rows = 0;
    std::size_t headline_at = 0;
    for (std::string line; std::getline(in, line); ++rows) {
      INFO(line);
      CHECK(display_width(line) <= 80);
      if (line.rfind("PLAN", 0) == 0) headline_at = rows;
    }
    CHECK(headline_at == 3);
    CHECK(rows <= 60);
    for (const char* said : {"more GPUs", "doing nothing", "knee", "cost", "$1.79", "one less"}) {
      INFO(said);
      CHECK(text.find(said) != std::string::npos);
    }
  }
}

TEST_CASE("Markdown and CSV of a plan hold the curve", "[report][plan]") {
  const Json report = report_of(plan_text(kSpike));
  const std::string csv = render_plan_csv(report);
  CHECK(csv.rfind("gpus,role,replications,in_busiest_hours,target,value", 0) == 0);
  std::size_t lines = 0;
  for (const char c : csv) lines += c == '\n' ? 1 : 0;
  CHECK(lines == 1 + 2 * report["curve"].size());  // two targets
  const std::string markdown = render_plan_markdown(report);
  CHECK(markdown.find("| pool | GPU | now | needed |") != std::string::npos);
  CHECK(markdown.find("more GPUs") != std::string::npos);
}

TEST_CASE("a plan that finds no fleet is as valid, and says why", "[report][plan]") {
  const Json bounded = report_of(plan_text(kSpike, 4));
  check_valid(plan_schema(), bounded);
  CHECK(bounded["answer"]["status"] == "out_of_bounds");
  CHECK(bounded["answer"]["needed_gpus"].is_null());
  CHECK(bounded["answer"]["headline"].get<std::string>().find("delay") != std::string::npos);
  CHECK_FALSE(render_plan_text(bounded, {false, true, 80}).empty());

  std::string text = kSpike;
  text.replace(text.find("\"targets\": ["), 12,
               "\"targets\": [{\"id\": \"fast\", \"metric\": \"e2e\", \"statistic\": \"mean\", "
               "\"max\": \"500ms\"}, ");
  const Json impossible = report_of(plan_text(text));
  check_valid(plan_schema(), impossible);
  CHECK(impossible["answer"]["status"] == "infeasible");
  CHECK(impossible["answer"]["floor"][0]["id"] == "fast");
  CHECK(impossible["answer"]["floor"][0]["value"].get<double>() == Approx(1.0));
  CHECK(impossible["answer"]["headline"].get<std::string>().find("fast") != std::string::npos);
}

TEST_CASE("a plan's report is the same for one thread and two", "[report][plan]") {
  Json one = report_of(plan_text(kSpike, {}, 1));
  Json two = report_of(plan_text(kSpike, {}, 2));
  one.erase("run");
  two.erase("run");
  CHECK(one.dump() == two.dump());
}

}  // namespace
