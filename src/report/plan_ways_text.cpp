#include <fmt/format.h>

#include "headroom/report/format.hpp"
#include "plan_ways.hpp"
#include "text_layout.hpp"

namespace headroom {
namespace {

void append_wrapped(std::vector<std::string>& lines, const std::string& first,
                    const std::string& text, const TextStyle& style) {
  for (std::string& line : wrap_text(text, first, style.columns)) lines.push_back(std::move(line));
}

/// What somebody said against what was found.
std::string claim_text(const Json& claim) {
  std::string text = fmt::format("{}: {} GPUs ({})", word(claim["name"]),
                                 format_count(real(claim["extra_gpus"])), word(claim["source"]));
  if (claim["times_answer"].is_number()) {
    const double times = real(claim["times_answer"]);
    text += times >= 1 ? fmt::format("; {} times what this plan adds", format_number(times))
                       : fmt::format("; {} of what this plan adds", format_share(times));
  }
  return text;
}

std::string until_text(const Json& until, const Clock& clock) {
  if (until["first_breach_s"].is_null() && until["worst_s"].is_null()) {
    return fmt::format("until then every target holds; {} requests lost",
                       format_short_count(real(until["lost"])));
  }
  std::string text = "until then";
  if (until["first_breach_s"].is_number()) {
    text += fmt::format(" over from {} ({})", clock.moment(real(until["first_breach_s"])),
                        word(until["first_breach_target"]));
  }
  if (until["worst_s"].is_number()) {
    text += fmt::format("; worst {} ({})", format_seconds(real(until["worst_s"])),
                        word(until["worst_target"]));
  }
  return text + fmt::format("; {} requests lost ({})", format_short_count(real(until["lost"])),
                            format_share(real(until["lost_share"])));
}

}  // namespace

std::vector<std::string> claim_lines(const Json& report, const TextStyle& style) {
  std::vector<std::string> lines;
  if (!report.contains("claims")) return lines;
  for (const Json& claim : report["claims"]) {
    append_wrapped(lines, "  against       ", claim_text(claim), style);
  }
  if (!lines.empty()) lines.emplace_back();
  return lines;
}

std::vector<std::string> rests_on_lines(const Json& report, const TextStyle& style) {
  std::vector<std::string> lines;
  if (!report.contains("rests_on")) return lines;
  std::string first = "  rests on      ";
  for (const Json& row : report["rests_on"]) {
    std::string text = word(row["path"]);
    if (row["value"].is_string()) text += " = " + word(row["value"]);
    if (row["range"].size() == 2) {
      text += fmt::format(" ({} to {})", word(row["range"][0]), word(row["range"][1]));
    }
    append_wrapped(lines, first, text, style);
    first = std::string(16, ' ');
  }
  return lines;
}

std::vector<std::string> ways_lines(const Json& report, const Clock& clock,
                                    const TextStyle& style) {
  std::vector<std::string> lines;
  if (!report.contains("ways_out")) return lines;
  for (const Json& way : report["ways_out"]) {
    const std::string first = "  " + pad_right(word(way["lever"]), 14);
    std::string text = word(way["text"]);
    if (way["beyond"].is_object() && way["beyond"]["binding"].is_object()) {
      const Json& binding = way["beyond"]["binding"];
      text += fmt::format(
          "; at {} {} is {}", format_number(real(way["beyond"]["value"])), word(binding["id"]),
          binding["value"].is_null() ? std::string("lost")
                                     : format_value(real(binding["value"]), word(binding["unit"])));
    }
    append_wrapped(lines, first, text, style);
  }
  const Json& delivery = report["delivery"];
  if (delivery.is_object()) {
    append_wrapped(lines, "  delivery      ", word(delivery["headline"]), style);
    for (const Json& batch : delivery["batches"]) {
      append_wrapped(
          lines, std::string(16, ' '),
          fmt::format("{}: {} of {} GPUs needed in {}", clock.moment(real(batch["at_s"])),
                      format_count(real(batch["needed_gpus"])), format_count(real(batch["gpus"])),
                      word(batch["pool"])),
          style);
    }
    if (delivery["until"].is_object()) {
      append_wrapped(lines, std::string(16, ' '), until_text(delivery["until"], clock), style);
    }
    std::string out;
    for (const Json& id : delivery["left_out"]) out += (out.empty() ? "" : ", ") + word(id);
    if (!out.empty()) {
      append_wrapped(lines, std::string(16, ' '), "not judged, over by then: " + out, style);
    }
  }
  return lines;
}

std::string ways_markdown(const Json& report) {
  std::string out;
  if (!report.contains("ways_out")) return out;
  for (const Json& claim : report["claims"]) out += "\n" + claim_text(claim) + "\n";
  const bool any = !report["ways_out"].empty() || report["delivery"].is_object();
  if (any) out += "\n| other way out | result | GPUs saved |\n|---|---|---|\n";
  const auto row = [&out](const std::string& lever, const Json& text, const Json& saved) {
    out += fmt::format("| {} | {} | {} |\n", lever, markdown_text(word(text)),
                       saved.is_number() ? format_count(real(saved)) : "-");
  };
  for (const Json& way : report["ways_out"]) {
    row(word(way["lever"]), way["text"], way["gpus_saved"]);
  }
  const Json& delivery = report["delivery"];
  if (delivery.is_object()) row("delivery", delivery["headline"], delivery["gpus_saved"]);
  if (delivery.is_object() && !delivery["batches"].empty()) {
    out += "\n| pool | serves from (s) | GPUs | needed |\n|---|---|---|---|\n";
    for (const Json& batch : delivery["batches"]) {
      out += fmt::format("| {} | {} | {} | {} |\n", markdown_text(word(batch["pool"])),
                         batch["at_s"].dump(), format_count(real(batch["gpus"])),
                         format_count(real(batch["needed_gpus"])));
    }
  }
  return out;
}

}  // namespace headroom
