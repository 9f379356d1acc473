#pragma once

#include <utility>
#include <vector>

#include "reference_engine.hpp"

namespace headroom::reference {

/// Requests written down one by one. `later_work[i]` holds the work of stages 1, 2, ... of the
/// request whose entity is i.
class ScriptedSource final : public RequestSource {
 public:
  explicit ScriptedSource(std::vector<Request> requests,
                          std::vector<std::vector<StageWork>> later_work = {})
      : requests_(std::move(requests)), later_work_(std::move(later_work)) {}

  bool next(Request& request) override {
    if (next_ == requests_.size()) return false;
    request = requests_[next_++];
    return true;
  }
  StageWork stage_work(ClassId, std::uint64_t entity, std::uint32_t stage) const override {
    return later_work_.at(entity).at(stage - 1);
  }

 private:
  std::vector<Request> requests_;
  std::vector<std::vector<StageWork>> later_work_;
  std::size_t next_ = 0;
};

}  // namespace headroom::reference
