#include "headroom/workload/compiled.hpp"

#include <algorithm>
#include <utility>

#include "compiled_impl.hpp"
#include "headroom/core/check.hpp"
#include "length_tables.hpp"
#include "rate_compile.hpp"

namespace headroom {
namespace {

/// Makes all lengths of a table longer or shorter.
void scale(JointLengths& joint, const LengthsConfig& lengths) {
  for (double& tokens : joint.prompt_quantiles) tokens *= lengths.prompt_scale;
  for (std::vector<double>& quantiles : joint.output_quantiles) {
    for (double& tokens : quantiles) tokens *= lengths.output_scale;
  }
}

std::shared_ptr<const JointSampler> make_joint(const JointLengths& lengths) {
  auto joint = std::make_shared<JointSampler>();
  joint->prompt = QuantileTable(lengths.prompt_probabilities, lengths.prompt_quantiles);
  for (const auto& quantiles : lengths.output_quantiles) {
    joint->output.emplace_back(lengths.output_probabilities, quantiles);
  }
  return joint;
}

template <class T>
double mean_of_values(const std::vector<T>& values, double unit) {
  double sum = 0;
  for (const T value : values) sum += static_cast<double>(value);
  return values.empty() ? 0 : sum / static_cast<double>(values.size()) / unit;
}

/// Compiles one workload; collects what is wrong over all classes.
class Compiler {
 public:
  Compiler(const WorkloadConfig& config, CompiledWorkload::Impl& into)
      : config_(config), into_(into) {}

  void run() {
    into_.start_utc_s = config_.start_utc_s;
    into_.demand_end = config_.demand_end;
    for (const ClassDemand& demand : config_.classes) {
      CompiledClass compiled;
      collect([&] { compile_class(demand, compiled); });
      into_.classes.push_back(std::move(compiled));
    }
    if (!issues_.empty()) throw InputError(std::move(issues_));
  }

 private:
  /// Keeps the problems of one class and goes on to the next.
  template <class Work>
  void collect(const Work& work) {
    try {
      work();
    } catch (const InputError& error) {
      issues_.insert(issues_.end(), error.issues().begin(), error.issues().end());
    }
  }

  void add_input(WorkloadInput input) {
    const auto same = [&input](const WorkloadInput& known) {
      return known.sha256 == input.sha256 && known.role == input.role && known.file == input.file;
    };
    const auto known = std::find_if(into_.inputs.begin(), into_.inputs.end(), same);
    if (known == into_.inputs.end()) {
      into_.inputs.push_back(std::move(input));
    } else {
      known->rows += input.rows;  // another class's rows of the same file
    }
  }

  std::shared_ptr<const TraceRows> load(const TraceConfig& trace, const ClassDemand& demand,
                                        bool needs_arrivals) {
    WorkloadInput input;
    auto rows = load_trace(trace, config_, demand.name, needs_arrivals, input, into_.warnings);
    add_input(std::move(input));
    return rows;
  }

  void compile_class(const ClassDemand& demand, CompiledClass& compiled) {
    if (demand.trace) {
      compiled.trace = load(*demand.trace, demand, true);
      compiled.trace_config = demand.trace;
      compiled.rate =
          trace_rate(*compiled.trace, *demand.trace, config_.start_utc_s, config_.demand_end);
    } else {
      compile_rate_of(demand, compiled);
    }
    compiled.gap = Sampler(unit_gap(demand.arrivals));
    if (demand.arrivals.process == "markov_modulated") {
      compiled.modulation = compile_modulation(demand.arrivals.states);
      if (!demand.arrivals.keeps_mean) {
        compiled.rate = compiled.rate.scaled(compiled.modulation->mean_factor);
      }
    }
    if (demand.prefix_hit_share) compiled.prefix_hit_share = Sampler(*demand.prefix_hit_share);
    if (demand.patience_s) compiled.patience_s = Sampler(*demand.patience_s);
    if (demand.timeout) compiled.timeout_s = Sampler(demand.timeout->after_s);
    if (demand.quota) {
      compiled.user_days = UserDays(demand.quota->requests_per_user);
      compiled.day_offset_s = demand.quota->utc_offset_s;
    }
    compile_stages(demand, compiled);
  }

  void compile_rate_of(const ClassDemand& demand, CompiledClass& compiled) {
    std::vector<RateRow> rows;
    if (demand.rate.file) {
      WorkloadInput input;
      rows = load_rates(*demand.rate.file, config_, input);
      add_input(std::move(input));
    }
    compiled.rate = compile_rate(demand.rate, rows, config_.start_utc_s, config_.demand_end,
                                 demand.rate.pointer, issues_);
  }

  static Distribution unit_gap(const ArrivalConfig& arrivals) {
    if (arrivals.process == "poisson" || arrivals.process == "markov_modulated") {
      return Distribution::exponential(1);
    }
    if (arrivals.process == "gamma") return Distribution::gamma(1, arrivals.cv);
    if (arrivals.process == "weibull") return Distribution::weibull(1, arrivals.cv);
    return Distribution::constant(1);
  }

  void compile_stages(const ClassDemand& demand, CompiledClass& compiled) {
    CompiledStage of_class;
    set_lengths(demand, demand.prompt_tokens, demand.output_tokens, demand.lengths, 0, of_class);
    if (demand.trace && !demand.lengths && of_class.pairs == CompiledStage::Pairs::kNone) {
      of_class.pairs = CompiledStage::Pairs::kOwnRow;
    }
    const std::size_t stages = std::max<std::size_t>(1, demand.stages.size());
    for (std::size_t i = 0; i < stages; ++i) {
      CompiledStage stage = of_class;
      if (i < demand.stages.size()) set_stage(demand, i, stage);
      if (compiled.trace && i == 0 && !stage.service_s && !compiled.trace->service_ps.empty()) {
        stage.service_of_row = true;
      }
      set_means(demand, compiled, stage);
      compiled.stages.push_back(std::move(stage));
    }
  }

  void set_stage(const ClassDemand& demand, std::size_t i, CompiledStage& stage) {
    const StageDemand& own = demand.stages[i];
    if (!own.makes_tokens) {
      stage = CompiledStage{};
    } else {
      set_lengths(demand, own.prompt_tokens, own.output_tokens, own.lengths,
                  static_cast<std::uint32_t>(i), stage);
    }
    if (own.service_s) {
      stage.service_s = Sampler(*own.service_s);
      stage.mean.service_s = mean_of(*own.service_s);
    }
  }

  void set_lengths(const ClassDemand& demand, const std::optional<Distribution>& prompt,
                   const std::optional<Distribution>& output,
                   const std::optional<LengthsConfig>& lengths, std::uint32_t keyed_by,
                   CompiledStage& stage) {
    if (lengths) {
      stage.prompt.reset();
      stage.output.reset();
      stage.pairs_keyed_by = keyed_by;
      if (lengths->kind == "trace") {
        stage.pairs = CompiledStage::Pairs::kTrace;
        stage.rows = load(lengths->trace, demand, false);
      } else {
        JointLengths joint = lengths->joint;
        const bool known = lengths->kind == "joint" || find_length_table(lengths->table, joint);
        HEADROOM_CHECK(known, "the length table's name was checked when it was read");
        if (lengths->kind == "table") scale(joint, *lengths);
        stage.pairs = CompiledStage::Pairs::kJoint;
        stage.joint = make_joint(joint);
      }
    }
    if (prompt) {
      stage.prompt = Sampler(*prompt);
      stage.prompt_keyed_by = keyed_by;
      stage.mean.prompt_tokens = std::max(1.0, mean_of(*prompt));
    }
    if (output) {
      stage.output = Sampler(*output);
      stage.output_keyed_by = keyed_by;
      stage.mean.output_tokens = std::max(1.0, mean_of(*output));
    }
  }

  static void set_means(const ClassDemand& demand, const CompiledClass& compiled,
                        CompiledStage& stage) {
    const TraceRows* rows =
        stage.pairs == CompiledStage::Pairs::kOwnRow ? compiled.trace.get() : stage.rows.get();
    if (stage.pairs == CompiledStage::Pairs::kJoint) {
      if (!stage.prompt) stage.mean.prompt_tokens = stage.joint->prompt.mean();
      if (!stage.output) stage.mean.output_tokens = stage.joint->mean_output();
    } else if (stage.pairs != CompiledStage::Pairs::kNone && rows != nullptr) {
      if (!stage.prompt) stage.mean.prompt_tokens = mean_of_values(rows->prompt_tokens, 1);
      if (!stage.output) stage.mean.output_tokens = mean_of_values(rows->output_tokens, 1);
    }
    if (demand.prefix_hit_share) {
      stage.mean.cached_tokens =
          std::min(1.0, mean_of(*demand.prefix_hit_share)) * stage.mean.prompt_tokens;
    }
    if (stage.service_of_row) {
      stage.mean.service_s =
          mean_of_values(compiled.trace->service_ps, static_cast<double>(kTicksPerSecond));
    }
  }

  const WorkloadConfig& config_;
  CompiledWorkload::Impl& into_;
  std::vector<Issue> issues_;
};

}  // namespace

void JointSampler::draw(RandomStream& random, double& prompt_tokens, double& output_tokens) const {
  const double u = random.uniform();
  const double v = random.uniform();
  prompt_tokens = prompt(u);
  const auto group = static_cast<std::size_t>(u * static_cast<double>(output.size()));
  output_tokens = output[group](v);
}

double JointSampler::mean_output() const {
  double sum = 0;
  for (const QuantileTable& table : output) sum += table.mean();
  return sum / static_cast<double>(output.size());
}

CompiledWorkload::CompiledWorkload(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
CompiledWorkload::~CompiledWorkload() = default;

const RateFunction& CompiledWorkload::rate(ClassId request_class) const {
  return impl_->classes[index(request_class)].rate;
}

MeanWork CompiledWorkload::mean_work(ClassId request_class, std::uint32_t stage) const {
  return impl_->classes[index(request_class)].stages[stage].mean;
}

const std::vector<WorkloadInput>& CompiledWorkload::inputs() const { return impl_->inputs; }
const std::vector<Issue>& CompiledWorkload::warnings() const { return impl_->warnings; }

std::shared_ptr<const CompiledWorkload> compile(const WorkloadConfig& config) {
  auto impl = std::make_unique<CompiledWorkload::Impl>();
  Compiler(config, *impl).run();
  return std::make_shared<const CompiledWorkload>(std::move(impl));
}

void prepare(WorkloadConfig& config) { config.compiled = compile(config); }

}  // namespace headroom
