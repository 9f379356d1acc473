#include "curve.hpp"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr double kTolerance = 2e-4;
constexpr int kDeepest = 30;
constexpr Ticks kShortest{1'000'000};  // 1 us: shorter stretches are joined to the one after

/// Logistic function at 6 (2x - 1), so that it runs from 0.25 % to 99.75 %, rescaled to 0..1.
double logistic(double x) {
  const auto raw = [](double z) { return 1 / (1 + std::exp(-z)); };
  return (raw(6 * (2 * x - 1)) - raw(-6)) / (raw(6) - raw(-6));
}

/// The pieces that are active on one stretch of time, where all of them are smooth.
struct Active {
  std::vector<const Curve::Piece*> factors, terms;

  double operator()(double t_s) const {
    double product = 1;
    for (const auto* piece : factors) product *= piece->value(t_s);
    for (const auto* piece : terms) product += piece->value(t_s);
    return product;
  }
};

void append_chords(const Active& f, Ticks from, Ticks to, int depth, RateFunction& rate) {
  const double a = seconds(from), b = seconds(to);
  const double at_a = f(a), at_b = f(b);
  double largest = std::max(std::abs(at_a), std::abs(at_b)), error = 0;
  for (const double x : {0.25, 0.5, 0.75}) {
    const double value = f(a + x * (b - a));
    largest = std::max(largest, std::abs(value));
    error = std::max(error, std::abs(value - (at_a + x * (at_b - at_a))));
  }
  if (error <= kTolerance * largest || depth == kDeepest || (to - from) <= 2 * kShortest) {
    // Equal up to rounding is equal: a constant rate inverts without a root.
    const bool flat = std::abs(at_b - at_a) <= 1e-12 * largest;
    rate.append(to - from, std::max(0.0, at_a), std::max(0.0, flat ? at_a : at_b));
    return;
  }
  const Ticks middle{from.count + (to.count - from.count) / 2};
  append_chords(f, from, middle, depth + 1, rate);
  append_chords(f, middle, to, depth + 1, rate);
}

void add_breaks(const std::vector<Curve>& curves, Ticks end, std::vector<Ticks>& breaks) {
  for (const Curve& curve : curves) {
    for (const Curve::Piece& piece : curve.pieces()) {
      for (const double t : {piece.start_s, piece.start_s + piece.length_s}) {
        if (t > 0 && t < seconds(end)) breaks.push_back(ticks_from_seconds(t));
      }
    }
  }
}

}  // namespace

double Curve::Piece::value(double t_s) const {
  if (from == to || length_s <= 0) return to;
  const double x = std::clamp((t_s - start_s) / length_s, 0.0, 1.0);
  switch (rise) {
    case Rise::kLinear:
      return from + (to - from) * x;
    case Rise::kExponential:
      return from + (to - from) * (std::pow(100.0, x) - 1) / 99;
    case Rise::kLogistic:
      return from + (to - from) * logistic(x);
    case Rise::kExponentialDecay:
      return from + (to - from) * -std::expm1(-12 * x);
    case Rise::kGeometric:
      break;
  }
  return from * std::pow(to / from, x);
}

void Curve::add(const Piece& piece) {
  if (pieces_.back().start_s == piece.start_s) {
    pieces_.back() = piece;
  } else {
    pieces_.push_back(piece);
  }
}

const Curve::Piece& Curve::piece_at(double t_s) const {
  const auto after =
      std::upper_bound(pieces_.begin() + 1, pieces_.end(), t_s,
                       [](double t, const Piece& piece) { return t < piece.start_s; });
  return *(after - 1);
}

RateFunction combine(const std::vector<Curve>& factors, const std::vector<Curve>& terms,
                     Ticks end) {
  std::vector<Ticks> breaks{Ticks{0}};
  add_breaks(factors, end, breaks);
  add_breaks(terms, end, breaks);
  std::sort(breaks.begin(), breaks.end());

  RateFunction rate;
  Active active;
  for (std::size_t i = 0; i < breaks.size(); ++i) {
    const Ticks from = rate.end();
    const Ticks to = i + 1 < breaks.size() ? breaks[i + 1] : end;
    if (to - from < kShortest && to < end) continue;
    if (to <= from) continue;
    const double middle = (seconds(from) + seconds(to)) / 2;
    active.factors.clear();
    active.terms.clear();
    for (const Curve& curve : factors) active.factors.push_back(&curve.piece_at(middle));
    for (const Curve& curve : terms) active.terms.push_back(&curve.piece_at(middle));
    append_chords(active, from, to, 0, rate);
  }
  return rate;
}

}  // namespace headroom
