#pragma once

#include <map>
#include <vector>

#include "backend.h"

namespace rwkv {

struct ProfileEvent {
  uint32_t type = 0;
  uint32_t unit = 0;
  uint64_t value = 0;
  std::string name;
  std::vector<ProfileEvent> children;

  /// First event of that type in this tree, itself included, or null.
  const ProfileEvent* find(uint32_t event_type) const;
};

/// A profile handle; holds the events of the last call it was passed to.
class Profile {
 public:
  /// A library without profiling gives an empty Profile, which collects nothing.
  static Result<Profile> create(const Backend& backend, QnnProfile_Level_t level);

  Qnn_ProfileHandle_t handle() const { return owner_.get(); }

  /// Copies the events out. Objects (traces) come with value 0.
  Result<std::vector<ProfileEvent>> events() const;

 private:
  OwnedHandle owner_;
};

/// Qualcomm's estimate of one execution, as `Estimate` in compiler/emit/manifest.ts.
struct Estimate {
  bool known = false;
  /// 0 from libraries before HTP API 5.50, which give cycles only.
  uint64_t microseconds = 0;
  uint64_t cycles = 0;
  uint64_t lower_cycles = 0;
  uint64_t upper_cycles = 0;
  uint64_t ops_without_cost = 0;
  uint64_t input_fill = 0;
  uint64_t intermediate_fill = 0;
  uint64_t intermediate_spill = 0;
  uint64_t output_spill = 0;
  /// How many of those ops each node of the graph became, at DETAILED level.
  std::map<std::string, uint64_t> nodes_without_cost;
};

/// Reads the estimate out of a finalize's events; `known` is false for SoCs without one.
Estimate estimate_of(const std::vector<ProfileEvent>& events);

}  // namespace rwkv
