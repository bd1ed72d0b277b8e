#include "fusion.h"

#include <algorithm>
#include <set>

#include "fused_kernel.h"
#include "schedule.h"

namespace qnn_host {
namespace {

/// Smaller values stay in the cache by themselves.
constexpr uint64_t kLeastBytes = 16 << 10;

class Fusion {
 public:
  Fusion(const GraphModel& model, std::vector<Step>* steps)
      : model_(model), steps_(*steps), producers_(producers_of(model)) {
    maker_.assign(model.tensors.size(), kNobody);
    readers_.resize(model.tensors.size());
    for (uint32_t i = 0; i < steps_.size(); ++i) {
      for (const uint32_t output : steps_[i].outputs) maker_[output] = i;
      for (const uint32_t input : steps_[i].inputs) readers_[input].push_back(i);
    }
  }

  void run() {
    std::vector<bool> gone(steps_.size(), false);
    for (uint32_t last = static_cast<uint32_t>(steps_.size()); last-- > 0;) {
      if (gone[last] || !fusable(last)) continue;
      const std::set<uint32_t> group = group_of(last);
      if (group.size() < 2) continue;
      std::unique_ptr<Step> joined = join(group, last);
      if (joined == nullptr) continue;
      for (const uint32_t member : group) gone[member] = member != last;
      steps_[last] = std::move(*joined);
    }
    std::vector<Step> left;
    for (uint32_t i = 0; i < steps_.size(); ++i) {
      if (!gone[i]) left.push_back(std::move(steps_[i]));
    }
    steps_ = std::move(left);
  }

 private:
  static constexpr uint32_t kNobody = UINT32_MAX;

  const Tensor& output(uint32_t step) const { return model_.tensors[steps_[step].outputs[0]]; }

  bool fusable(uint32_t index) const {
    const Step& step = steps_[index];
    if (step.nodes.size() != 1 || step.outputs.size() != 1 || step.kernel == nullptr) return false;
    if (output(index).bytes() < kLeastBytes || output(index).dims.size() < 2) return false;
    for (const uint32_t input : step.inputs) {
      if (model_.tensors[input].type == QNN_TENSOR_TYPE_APP_READWRITE) return false;
    }
    return output(index).type != QNN_TENSOR_TYPE_APP_READWRITE && can_slice(op(index));
  }

  Op op(uint32_t step) const {
    return op_of(model_, model_.nodes[steps_[step].nodes[0]], producers_);
  }

  /// The step, and all before it whose values only members of the group read.
  std::set<uint32_t> group_of(uint32_t last) const {
    std::set<uint32_t> group{last};
    for (bool grown = true; grown;) {
      grown = false;
      for (const uint32_t member : std::vector<uint32_t>(group.begin(), group.end())) {
        for (const uint32_t input : steps_[member].inputs) {
          const uint32_t maker = maker_[input];
          if (maker == kNobody || group.count(maker) != 0 || !joins(maker, input, group, last))
            continue;
          group.insert(maker);
          grown = true;
        }
      }
    }
    return group;
  }

  bool joins(uint32_t maker, uint32_t tensor, const std::set<uint32_t>& group,
             uint32_t last) const {
    if (!fusable(maker) || output(maker).dims != output(last).dims) return false;
    if (output(maker).dtype != output(last).dtype) return false;
    if (model_.tensors[tensor].type != QNN_TENSOR_TYPE_NATIVE) return false;
    return std::all_of(readers_[tensor].begin(), readers_[tensor].end(),
                       [&](uint32_t reader) { return group.count(reader) != 0; });
  }

  /// Null when a block cannot be cut for all of them.
  std::unique_ptr<Step> join(const std::set<uint32_t>& group, uint32_t last) const {
    auto step = std::make_unique<Step>();
    step->outputs = steps_[last].outputs;
    std::vector<Op> ops;
    std::vector<std::vector<FusedSource>> sources;
    for (const uint32_t member : group) {
      std::vector<FusedSource> from;
      for (const uint32_t input : steps_[member].inputs) {
        const auto maker = maker_[input] == kNobody ? group.end() : group.find(maker_[input]);
        if (maker != group.end()) {
          from.push_back({true, static_cast<uint32_t>(std::distance(group.begin(), maker))});
        } else {
          from.push_back({false, static_cast<uint32_t>(step->inputs.size())});
          step->inputs.push_back(input);
        }
      }
      sources.push_back(std::move(from));
      ops.push_back(op(member));
      step->nodes.push_back(steps_[member].nodes[0]);
    }
    step->kernel = make_fused_kernel(ops, sources);
    if (step->kernel == nullptr) return nullptr;
    return step;
  }

  const GraphModel& model_;
  std::vector<Step>& steps_;
  const std::vector<const Node*> producers_;
  std::vector<uint32_t> maker_;
  std::vector<std::vector<uint32_t>> readers_;
};

}  // namespace

void fuse_steps(const GraphModel& model, std::vector<Step>* steps) {
  Fusion(model, steps).run();
}

}  // namespace qnn_host
