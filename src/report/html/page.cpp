#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "headroom/report/html.hpp"
#include "html/chart_data.hpp"
#include "html/policy.hpp"
#include "html/sections.hpp"
#include "html/table.hpp"
#include "html/time_chart.hpp"

namespace headroom::embedded {
// Made by src/cmake/embed.cmake from assets/ and, if there is one, the installed chart library.
std::string_view report_css();
std::string_view report_js();
std::string_view chart_library_css();
std::string_view chart_library_js();
}  // namespace headroom::embedded

namespace headroom::html {
namespace {

struct Part {
  const char* id;
  const char* title;
  Markup (*draw)(const View&, const Tops&);
};

template <Markup (*kDraw)(const View&)>
Markup plain(const View& view, const Tops&) {
  return kDraw(view);
}

constexpr Part kParts[] = {
    {"answer", "", plain<answer_part>},
    {"fleet", "The fleet that holds", plain<plan_part>},
    {"targets", "Targets", plain<targets_part>},
    {"curve", "How many GPUs it takes", plain<curve_part>},
    {"worlds", "In how many worlds it holds", plain<worlds_part>},
    {"tornado", "What moves the answer", plain<tornado_part>},
    {"nothing", "What doing nothing costs", plain<do_nothing_part>},
    {"time", "Over time", time_part},
    {"utilisation", "How full the fleet is", plain<utilisation_part>},
    {"periods", "As demand grows", plain<periods_part>},
    {"ends", "How requests ended", plain<end_states_part>},
    {"times", "How long requests took", plain<latency_part>},
    {"warnings", "Warnings", plain<warnings_part>},
    {"basis", "What this rests on", plain<assumptions_part>},
    {"provenance", "Where this comes from", plain<provenance_part>},
};

std::string title_of(const View& view) {
  const std::string scenario = view.word("/scenario/name");
  return scenario.empty() ? "report" : scenario;
}

/// Of several reports, often of one scenario: "A: name", "B: name, gpus = 34".
std::string column_title(const View& view) {
  std::string title = fmt::format(
      "{}: {}", static_cast<char>('A' + static_cast<int>(view.index() % 26)), title_of(view));
  for (const Json& change : view.at("/scenario/overrides")) {
    const std::string path = word(change["path"]);
    title += ", " + path.substr(path.rfind('/') + 1) + " = " +
             (change["value"].is_string() ? word(change["value"]) : change["value"].dump());
  }
  return title;
}

/// One section: its heading and what each report has for it, side by side when there are several.
Markup draw_section(const Part& part, const std::vector<View>& views, const Tops& tops) {
  Markup all;
  bool any = false;
  for (const View& view : views) {
    const Markup drawn = part.draw(view, tops);
    any = any || !drawn.empty();
    Markup inside;
    // The answer stands at the top of its report, so the report's name is its heading.
    if (views.size() > 1) {
      inside +=
          element(*part.title == '\0' ? "h2" : "h3", {{"class", "of"}}, name(column_title(view)));
    }
    inside += drawn.empty() ? element("p", {{"class", "none"}}, text("not in this report")) : drawn;
    all += element(
        "div", {{"class", "of-report"}, {"data-report", fmt::format("{}", view.index())}}, inside);
  }
  if (!any) return {};
  const std::string id = part.id;
  const Markup body = element("div", {{"class", views.size() > 1 ? "columns" : "column"}}, all);
  if (*part.title == '\0') return element("section", {{"id", id}, {"aria-label", "Answer"}}, body);
  return element("section", {{"id", id}, {"aria-labelledby", "h-" + id}},
                 element("h2", {{"id", "h-" + id}}, text(part.title)) + body);
}

Markup header(const std::vector<View>& views) {
  Markup title;
  if (views.size() == 1) {
    title = name(title_of(views.front()));
  } else {
    title = text(fmt::format("{} reports side by side", views.size()));
  }
  return element("header",
                 element("p", {{"class", "kind"}}, text("Capacity report")) + element("h1", title));
}

/// The targets of all reports in one table, matched by id.
Markup comparison(const std::vector<View>& views) {
  if (views.size() < 2) return {};
  std::vector<std::string> ids;
  for (const View& view : views) {
    for (const Json& target : view.at("/targets")) {
      const std::string id = word(target["id"]);
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
  }
  Table table("The same targets in each report");
  table.column("Target");
  for (const View& view : views) table.column(column_title(view), true);
  std::vector<Markup> gpus{text("GPUs")};
  for (const View& view : views) {
    gpus.push_back(element("span", {{"data-report", fmt::format("{}", view.index())}},
                           view.value("/answer/gpus", "count")));
  }
  table.row(gpus);
  for (const std::string& id : ids) {
    std::vector<Markup> cells{name(id)};
    for (const View& view : views) {
      Markup cell = text("-");
      const Json& targets = view.at("/targets");
      for (std::size_t i = 0; i < targets.size(); ++i) {
        if (word(targets[i]["id"]) != id) continue;
        cell =
            element("span", {{"data-report", fmt::format("{}", view.index())}},
                    view.value(pointer("/targets", i, "value"), word(targets[i]["unit"]),
                               missing_value(targets[i])) +
                        text(" ") + verdict_mark(targets[i]["pass"].get<bool>() ? "pass" : "fail"));
      }
      cells.push_back(cell);
    }
    table.row(cells);
  }
  return element("section", {{"id", "compared"}, {"aria-labelledby", "h-compared"}},
                 element("h2", {{"id", "h-compared"}}, text("Compared")) + table.draw("compared"));
}

Markup contents(const std::vector<const Part*>& shown) {
  Markup links;
  for (const Part* part : shown) {
    if (*part->title == '\0') continue;
    links += element("a", {{"href", std::string("#") + part->id}}, text(part->title));
  }
  return element("nav", {{"aria-label", "Contents"}}, links);
}

Markup footer(const std::vector<View>& views, const ChartData& data) {
  std::string words =
      "Times are " + std::string(views.front().clock().dated() ? "UTC" : "since the run's start") +
      ". A value is the mean over replications; \"lost\": so many requests were never served that "
      "the value has no number. Everything on this page comes from the JSON report; the page "
      "fetches nothing.";
  words += data.largest_group() > 1
               ? fmt::format(" Charts join up to {} bins of the report, drawn ones more.",
                             data.largest_group())
               : " Charts drawn without a script join bins where there are more than 360.";
  return element("footer", element("p", words));
}

Tops tops_of(const std::vector<View>& views) {
  Tops tops;
  for (const View& view : views) {
    if (view.at("/timeline/t_s").empty()) continue;
    tops.demand = std::max(tops.demand, demand_chart(view).top);
    tops.delay = std::max(tops.delay, delay_chart(view).top);
    tops.backlog = std::max(tops.backlog, backlog_chart(view).top);
  }
  return tops;
}

ChartData data_of(const std::vector<View>& views, const Tops& tops) {
  ChartData data;
  for (const View& view : views) {
    if (view.at("/timeline/t_s").empty()) continue;
    data.add(view, demand_chart(view), tops.demand);
    data.add(view, delay_chart(view), tops.delay);
    data.add(view, backlog_chart(view), tops.backlog);
  }
  return data;
}

Markup inline_script(std::string_view code) { return element("script", trusted(code)); }

Markup head(const std::vector<View>& views, const std::vector<std::string_view>& scripts,
            const std::vector<std::string_view>& styles) {
  const std::string title =
      (views.size() == 1 ? title_of(views.front()) : fmt::format("{} reports", views.size())) +
      " - headroom";
  Markup all = void_element("meta", {{"charset", "utf-8"}}) +
               void_element("meta", {{"http-equiv", "Content-Security-Policy"},
                                     {"content", content_security_policy(scripts, styles)}}) +
               void_element("meta", {{"name", "viewport"}, {"content", "width=device-width"}}) +
               void_element("meta", {{"name", "color-scheme"}, {"content", "light dark"}}) +
               void_element("meta", {{"name", "referrer"}, {"content", "no-referrer"}}) +
               element("title", title) +
               void_element("link", {{"rel", "icon"}, {"href", "data:,"}});
  for (const std::string_view style : styles) all += element("style", trusted(style));
  return element("head", all);
}

}  // namespace
}  // namespace headroom::html

namespace headroom {

std::string render_html(const std::vector<nlohmann::ordered_json>& reports) {
  using namespace html;
  std::vector<View> views;
  for (std::size_t i = 0; i < reports.size(); ++i) views.emplace_back(reports[i], i);
  const Tops tops = tops_of(views);
  const ChartData data = data_of(views, tops);

  Markup sections;
  std::vector<const Part*> shown;
  Markup compared = comparison(views);
  for (const Part& part : kParts) {
    const Markup section = draw_section(part, views, tops);
    if (section.empty()) continue;
    shown.push_back(&part);
    sections += section;
    sections += compared;
    compared = {};
  }

  std::vector<std::string_view> scripts;
  std::vector<std::string_view> styles;
  if (!embedded::chart_library_js().empty()) {
    scripts = {embedded::chart_library_js(), embedded::report_js()};
    styles.push_back(embedded::chart_library_css());
  }
  styles.push_back(embedded::report_css());  // after the library's, which it overrides
  Markup body = header(views) + contents(shown) + element("main", sections) + footer(views, data);
  if (!scripts.empty()) {
    body += element("script", {{"type", "application/json"}, {"id", "chart-data"}},
                    trusted(data.json()));
    for (const std::string_view script : scripts) body += inline_script(script);
  }
  return "<!doctype html>\n" +
         element("html", {{"lang", "en"}}, head(views, scripts, styles) + element("body", body))
             .str() +
         "\n";
}

}  // namespace headroom
