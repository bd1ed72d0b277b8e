#pragma once

#include <string>

#include "kernel.h"
#include "op_table.h"

namespace qnn_host {

/// Holds a node against the op table: number, rank and types of its tensors, names, kinds and types
/// of its parameters. Empty, or all that is wrong.
std::string check_rules(const Op& op, const OpRule& rule);

}  // namespace qnn_host
