#pragma once

#include <string>
#include <vector>

#include "executor.h"
#include "memory_plan.h"

namespace qnn_host {

/// A node as kernels are made from it.
Op op_of(const GraphModel& model, const Node& node, const std::vector<const Node*>& producers);

/// The node that computes each tensor; null for inputs and static data.
std::vector<const Node*> producers_of(const GraphModel& model);

/// One step a node, in the model's order, with its kernel: the fast one where there is one. Empty
/// and a message when a node cannot be computed.
bool make_steps(const GraphModel& model, const ExecutorOptions& options, std::vector<Step>* steps,
                std::string* message);

}  // namespace qnn_host
