#include "memory_plan.h"

#include <algorithm>

#include "arena.h"

namespace qnn_host {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

bool is_client(const Tensor& tensor) {
  return tensor.type == QNN_TENSOR_TYPE_APP_WRITE || tensor.type == QNN_TENSOR_TYPE_APP_READ ||
         tensor.type == QNN_TENSOR_TYPE_APP_READWRITE;
}

/// Tensors as parts of blocks: a forest, where a tensor lies in its parent at an offset. The root
/// of a tree is what gets memory.
class Planner {
 public:
  Planner(const GraphModel& model, std::vector<Step>* steps)
      : model_(model), steps_(*steps), nodes_(model.tensors.size()) {}

  MemoryPlan plan() {
    find_uses();
    for (Step& step : steps_) place_moves(&step);
    lifetimes();
    for (uint32_t i = 0; i < steps_.size(); ++i) overwrite(i);
    return lay_out();
  }

 private:
  struct Part {
    uint32_t parent = kNobody;
    uint64_t offset = 0;
    uint32_t first = kNobody,
             last = 0;  ///< steps, of a root: from the first writer to the last reader
  };
  struct Location {
    uint32_t root;
    uint64_t offset;
  };

  Location locate(uint32_t tensor) const {
    Location at{tensor, 0};
    while (nodes_[at.root].parent != kNobody) {
      at.offset += nodes_[at.root].offset;
      at.root = nodes_[at.root].parent;
    }
    return at;
  }
  uint64_t bytes(uint32_t tensor) const { return model_.tensors[tensor].bytes(); }
  Qnn_TensorType_t type(uint32_t tensor) const { return model_.tensors[tensor].type; }
  /// Has a place of its own that the plan cannot choose.
  bool fixed(uint32_t tensor) const {
    return is_client(model_.tensors[tensor]) || model_.tensors[tensor].is_static();
  }
  /// Its bytes change while the graph runs: no views, and nothing is written ahead of its turn.
  bool changes(uint32_t tensor) const { return type(tensor) == QNN_TENSOR_TYPE_APP_READWRITE; }

  void find_uses() {
    computed_.assign(model_.tensors.size(), false);
    for (const Step& step : steps_) {
      for (const uint32_t output : step.outputs) computed_[output] = true;
    }
  }

  /// Drops the moves that no bytes need to be copied for.
  void place_moves(Step* step) {
    auto needs_copy = [&](const Move& move) {
      const uint32_t from = step->inputs[move.input], to = step->outputs[move.output];
      return !view(move, from, to) && !compute_in_place(move, from, to);
    };
    std::vector<Move> left;
    for (const Move& move : step->moves) {
      if (needs_copy(move)) left.push_back(move);
    }
    step->moves = std::move(left);
  }

  /// `to` is a part of `from`.
  bool view(const Move& move, uint32_t from, uint32_t to) {
    if (fixed(to) || nodes_[to].parent != kNobody || move.to != 0 || move.bytes != bytes(to))
      return false;
    const Location source = locate(from);
    if (source.root == to || changes(source.root)) return false;
    nodes_[to].parent = from;
    nodes_[to].offset = move.from;
    return true;
  }

  /// `from` is computed where it belongs in `to`: all that lies in its block moves there with it.
  bool compute_in_place(const Move& move, uint32_t from, uint32_t to) {
    const Location source = locate(from), target = locate(to);
    if (fixed(source.root) || source.root == target.root || source.offset != 0) return false;
    if (move.from != 0 || move.bytes != bytes(source.root) || !computed_[source.root]) return false;
    if (changes(target.root) || type(target.root) == QNN_TENSOR_TYPE_APP_WRITE ||
        model_.tensors[target.root].is_static())
      return false;
    nodes_[source.root].parent = to;
    nodes_[source.root].offset = move.to;
    return true;
  }

  void touch(uint32_t tensor, uint32_t step) {
    Part& root = nodes_[locate(tensor).root];
    root.first = std::min(root.first, step);
    root.last = std::max(root.last, step);
  }

  void lifetimes() {
    for (uint32_t i = 0; i < steps_.size(); ++i) {
      for (const uint32_t input : steps_[i].inputs) touch(input, i);
      for (const uint32_t output : steps_[i].outputs) touch(output, i);
    }
  }

  /// Output 0 of an element-wise step goes over an input whose block ends with this step.
  void overwrite(uint32_t index) {
    const Step& step = steps_[index];
    if (step.kernel == nullptr || step.outputs.size() != 1) return;
    const uint32_t to = step.outputs[0];
    if (fixed(to) || nodes_[to].parent != kNobody || nodes_[to].first != index) return;
    for (uint32_t i = 0; i < step.inputs.size(); ++i) {
      if (!step.kernel->may_overwrite(i)) continue;
      const Location from = locate(step.inputs[i]);
      if (fixed(from.root) || from.root == to || from.offset != 0) continue;
      if (bytes(from.root) != bytes(to) || bytes(step.inputs[i]) != bytes(to)) continue;
      if (nodes_[from.root].last != index || !alone(step, i, from.root)) continue;
      nodes_[to].parent = from.root;
      nodes_[from.root].last = std::max(nodes_[from.root].last, nodes_[to].last);
      return;
    }
  }

  /// No other operand lies in the block, except the very same values.
  bool alone(const Step& step, uint32_t input, uint32_t root) const {
    for (uint32_t i = 0; i < step.inputs.size(); ++i) {
      if (i == input || locate(step.inputs[i]).root != root) continue;
      if (!step.kernel->may_overwrite(i) || bytes(step.inputs[i]) != bytes(root)) return false;
    }
    return true;
  }

  MemoryPlan lay_out() {
    std::vector<std::vector<uint32_t>> begins(steps_.size()), ends(steps_.size());
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].parent != kNobody || fixed(i) || nodes_[i].first == kNobody) continue;
      begins[nodes_[i].first].push_back(i);
      ends[nodes_[i].last].push_back(i);
    }
    Arena arena;
    std::vector<uint64_t> offsets(nodes_.size(), 0);
    for (uint32_t step = 0; step < steps_.size(); ++step) {
      for (const uint32_t tensor : begins[step]) offsets[tensor] = arena.take(bytes(tensor));
      for (const uint32_t tensor : ends[step]) arena.give_back(offsets[tensor], bytes(tensor));
    }
    MemoryPlan plan;
    plan.arena_bytes = arena.size();
    plan.places.resize(nodes_.size());
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      const Location at = locate(i);
      Place& place = plan.places[i];
      if (model_.tensors[at.root].is_static()) {
        place = {Place::Kind::kStatic, at.root, at.offset};
      } else if (is_client(model_.tensors[at.root])) {
        place = {Place::Kind::kClient, at.root, at.offset};
      } else if (nodes_[at.root].first != kNobody) {
        place = {Place::Kind::kArena, at.root, offsets[at.root] + at.offset};
      }
    }
    return plan;
  }

  const GraphModel& model_;
  std::vector<Step>& steps_;
  std::vector<Part> nodes_;
  std::vector<bool> computed_;
};

}  // namespace

MemoryPlan plan_memory(const GraphModel& model, std::vector<Step>* steps) {
  return Planner(model, steps).plan();
}

}  // namespace qnn_host
