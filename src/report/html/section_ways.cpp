#include <fmt/format.h>

#include "headroom/report/format.hpp"
#include "html/sections.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

Markup levers_table(const View& view) {
  const Json& ways = view.at("/ways_out");
  Table table("Other ways out than more GPUs", false);
  table.column("Lever")
      .column("What it does")
      .column("GPUs that hold with it", true)
      .column("GPUs saved", true);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/ways_out", i, key); };
    table.row({name(word(ways[i]["lever"])), text(view.word(at("text"))),
               view.value(at("gpus"), "count"), view.value(at("gpus_saved"), "count")});
  }
  return table.has_rows() ? table.draw() : Markup();
}

Markup delivery_table(const View& view) {
  if (!view.has("/delivery")) return {};
  Table table("Deliveries: stated, and needed", false);
  table.column("Serves from").column("Pool").column("GPUs", true).column("Needed", true);
  const Json& batches = view.at("/delivery/batches");
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/delivery/batches", i, key); };
    table.row({text(view.clock().moment(real(batches[i]["at_s"]))), name(view.word(at("pool"))),
               view.value(at("gpus"), "count"), view.value(at("needed_gpus"), "count")});
  }
  return element("p", text(view.word("/delivery/headline"))) + table.draw();
}

Markup claims_words(const View& view) {
  Markup words;
  const Json& claims = view.at("/claims");
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/claims", i, key); };
    words +=
        element("p", text(view.word(at("name")) + ": ") + view.value(at("extra_gpus"), "count") +
                         text(" GPUs more; ") + text(view.word(at("source"))));
  }
  return words;
}

}  // namespace

Markup ways_part(const View& view) {
  if (view.word("/kind") != "plan" || !view.has("/ways_out")) return {};
  return claims_words(view) + levers_table(view) + delivery_table(view);
}

}  // namespace headroom::html
