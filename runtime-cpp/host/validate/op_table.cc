#include "op_table.h"

namespace qnn_host {

const std::vector<OpRule>& op_table() {
  static const std::vector<OpRule> table = {
#include "op_table.inc"
  };
  return table;
}

const OpRule* find_rule(const std::string& type) {
  for (const OpRule& rule : op_table()) {
    if (type == rule.type) return &rule;
  }
  return nullptr;
}

}  // namespace qnn_host
