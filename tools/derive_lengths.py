#!/usr/bin/env python3
"""Derives the built-in joint length tables (src/workload/length_tables.cpp) from the Azure 2023 traces.

    tools/derive_lengths.py CONVERSATION.csv CODE.csv > src/workload/length_tables.cpp

A table holds quantiles of the prompt length and, for each of 20 groups of prompts of equal size
(shortest first), quantiles of the output length, so that the correlation of the two is kept while
no row of the trace is shipped. Quantiles join linearly. Those of a group's outputs are then scaled
so that the group's mean is the trace's: the linear piece over a long tail would overstate it.
The prompt quantiles are treated alike within each group. The errors that remain are printed on stderr.
"""
import bisect
import csv
import sys

GROUPS = 20
PROMPT_STEPS = [0, 0.2, 0.4, 0.6, 0.8, 1]  # quantiles inside one group of prompts
TAIL_STEPS = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.98, 0.995, 0.999, 1]  # and inside the last group
OUTPUT_P = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995, 1]


def quantile(ordered, p):
    """Linear between order statistics, the smallest at p = 0 and the largest at p = 1."""
    at = p * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def mean(probabilities, quantiles):
    return sum(
        (probabilities[i] - probabilities[i - 1]) * (quantiles[i] + quantiles[i - 1]) / 2
        for i in range(1, len(quantiles)))


def scaled(probabilities, quantiles, target):
    """Moves the inner quantiles by one factor, ends kept, until the mean is the target."""
    low, high = 0.5, 2.0
    first, last = quantiles[0], quantiles[-1]
    for _ in range(60):
        factor = (low + high) / 2
        moved = [first] + [min(max(q * factor, first), last) for q in quantiles[1:-1]] + [last]
        if mean(probabilities, moved) < target:
            low = factor
        else:
            high = factor
    return moved


def derive(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = sorted((int(r["context_tokens"]), int(r["generated_tokens"]))
                      for r in csv.DictReader(file))
    n = len(rows)
    prompts = [p for p, _ in rows]
    prompt_p, prompt_q, outputs = [0.0], [float(prompts[0])], []
    for g in range(GROUPS):
        first, last = g * n // GROUPS, (g + 1) * n // GROUPS
        group = rows[first:last]
        steps = PROMPT_STEPS if g + 1 < GROUPS else TAIL_STEPS
        inside = [quantile(prompts, (g + step) / GROUPS) for step in steps]
        if inside[0] < inside[-1]:
            inside = scaled(steps, inside, sum(p for p, _ in group) / len(group))
        for step, q in list(zip(steps, inside))[1:]:
            prompt_p.append(round((g + step) / GROUPS, 8))
            prompt_q.append(round(q, 1))
        made = sorted(o for _, o in group)
        q = [quantile(made, p) for p in OUTPUT_P]
        if q[0] < q[-1]:
            q = scaled(OUTPUT_P, q, sum(made) / len(made))
        outputs.append([round(x, 1) for x in q])
    report(path, rows, prompt_p, prompt_q, outputs)
    return n, prompt_p, prompt_q, outputs


def correlation(pairs):
    n = len(pairs)
    mx, my = sum(x for x, _ in pairs) / n, sum(y for _, y in pairs) / n
    cov = sum((x - mx) * (y - my) for x, y in pairs)
    vx, vy = sum((x - mx)**2 for x, _ in pairs), sum((y - my)**2 for _, y in pairs)
    return cov / (vx * vy)**0.5


def report(path, rows, prompt_p, prompt_q, outputs):
    def at(ps, qs, p):
        i = min(max(bisect.bisect_right(ps, p), 1), len(ps) - 1)
        return qs[i - 1] + (p - ps[i - 1]) / (ps[i] - ps[i - 1]) * (qs[i] - qs[i - 1])

    drawn = []
    for i in range(100000):  # a lattice of rank 1: even in both directions
        u, v = (i + 0.5) / 100000, (i * 0.6180339887498949) % 1
        drawn.append((at(prompt_p, prompt_q, u), at(OUTPUT_P, outputs[int(u * GROUPS)], v)))
    for name, column in (("prompt", 0), ("output", 1)):
        real, table = sorted(r[column] for r in rows), sorted(d[column] for d in drawn)
        print(f"{path} {name}: mean {sum(real) / len(real):.1f} table {sum(table) / len(table):.1f}; " +
              ", ".join(f"p{100 * p:g} {quantile(real, p):.0f}/{quantile(table, p):.0f}"
                        for p in (0.1, 0.5, 0.9, 0.99)), file=sys.stderr)
    print(f"{path} correlation: {correlation(rows):.3f} table {correlation(drawn):.3f}", file=sys.stderr)


def numbers(values):
    return ", ".join(f"{v:.8g}" for v in values)


def emit(function, comment, table):
    n, prompt_p, prompt_q, outputs = table
    print(f"/// {comment}\n/// {n} requests in {GROUPS} groups.")
    print(f"JointLengths {function}() {{\n  JointLengths t;")
    print(f"  t.prompt_probabilities = {{{numbers(prompt_p)}}};")
    print(f"  t.prompt_quantiles = {{{numbers(prompt_q)}}};")
    print(f"  t.output_probabilities = {{{numbers(OUTPUT_P)}}};")
    print("  t.output_quantiles = {")
    for q in outputs:
        print(f"      {{{numbers(q)}}},")
    print("  };\n  return t;\n}\n")


HEAD = """// Written by tools/derive_lengths.py; change that rather than this.
#include "length_tables.hpp"

#include "headroom/workload/compiled.hpp"

namespace headroom {
namespace {

// Source: AzureLLMInferenceTrace 2023, github.com/Azure/AzurePublicDataset (CC-BY 4.0); Patel et
// al., Splitwise, ISCA 2024. Quantiles derived from it; the trace itself is not here.
"""

TAIL = """}  // namespace

bool find_length_table(const std::string& name, JointLengths& table) {
  if (name == "azure-2023-conversation") {
    table = conversation();
    return true;
  }
  if (name == "azure-2023-code") {
    table = code();
    return true;
  }
  return false;
}

const std::vector<NamedSource>& length_tables() {
  static const std::vector<NamedSource> kTables{
      {"azure-2023-conversation", "prompts of 1,155 and answers of 211 tokens in mean, correlated",
       "AzureLLMInferenceTrace 2023 conversation (CC-BY 4.0), quantiles"},
      {"azure-2023-code", "prompts of 2,041 and answers of 28 tokens in mean, correlated",
       "AzureLLMInferenceTrace 2023 code, first half (CC-BY 4.0), quantiles"}};
  return kTables;
}

}  // namespace headroom"""


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(HEAD)
    emit("conversation", "Conversation service, one hour of 16 November 2023.", derive(sys.argv[1]))
    emit("code", "Coding service, first half of the same hour.", derive(sys.argv[2]))
    print(TAIL)


if __name__ == "__main__":
    main()
