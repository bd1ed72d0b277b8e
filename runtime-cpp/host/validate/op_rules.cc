#include "op_rules.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

namespace qnn_host {
namespace {

using Tensors = std::vector<const Tensor*>;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool is_one_of(std::string_view dtype, std::string_view alternatives) {
  for (const std::string_view one : split(alternatives, '|')) {
    if (one == dtype) return true;
  }
  return false;
}

std::string check_tensors(const Tensors& tensors, const std::vector<TensorRule>& rules,
                          const std::string& side) {
  const bool any = !rules.empty() && rules[0].any_number;
  const size_t needed =
      any ? 1
          : std::count_if(rules.begin(), rules.end(), [](auto& rule) { return !rule.optional; });
  const size_t most = any ? SIZE_MAX : rules.size();
  std::string problems;
  if (tensors.size() < needed || tensors.size() > most) {
    problems += "; it has " + std::to_string(tensors.size()) + " " + side + "puts, not " +
                std::to_string(needed);
    if (any) problems += " or more";
    if (!any && most != needed) problems += " to " + std::to_string(most);
  }
  for (size_t i = 0; i < tensors.size() && (any || i < most); ++i) {
    const TensorRule& rule = rules[any ? 0 : i];
    const size_t rank = tensors[i]->dims.size();
    if (rank < rule.least_rank || rank > rule.greatest_rank) {
      problems += "; rank of " + side + "[" + std::to_string(i) + "] is " + std::to_string(rank) +
                  ", not " + std::to_string(rule.least_rank) + " to " +
                  std::to_string(rule.greatest_rank);
    }
  }
  return problems;
}

std::string check_params(const Node& node, const std::vector<ParamRule>& rules) {
  std::string problems;
  std::set<std::string> seen;
  for (const Param& param : node.params) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const ParamRule& one) { return param.name == one.name; });
    if (!seen.insert(param.name).second) problems += "; parameter " + param.name + " stands twice";
    if (rule == rules.end()) {
      problems += "; it has no parameter " + param.name;
    } else if (rule->is_tensor != param.is_tensor) {
      problems +=
          "; parameter " + param.name + " must be a " + (rule->is_tensor ? "tensor" : "scalar");
    } else if (*rule->dtypes != '\0' && !is_one_of(dtype_name(param.dtype), rule->dtypes)) {
      problems +=
          "; parameter " + param.name + " is " + dtype_name(param.dtype) + ", not " + rule->dtypes;
    }
  }
  for (const ParamRule& rule : rules) {
    if (!rule.optional && seen.count(rule.name) == 0)
      problems += std::string("; parameter ") + rule.name + " is missing";
  }
  return problems;
}

/// The tensors that a column such as "in[1]" or "out[0..m]" stands for; none for parameters, whose
/// types have rules of their own.
Tensors of_column(const Op& op, std::string_view column) {
  const size_t bracket = column.find('[');
  if (bracket == std::string_view::npos) return {};
  const std::string_view side = column.substr(0, bracket);
  if (side != "in" && side != "out") return {};
  const Tensors& all = side == "in" ? op.inputs : op.outputs;
  if (column.find("..") != std::string_view::npos) return all;
  const size_t at = std::strtoul(column.data() + bracket + 1, nullptr, 10);
  return at < all.size() ? Tensors{all[at]} : Tensors{};
}

/// The op table's name of a tensor's type. Packed static data are what 8-bit cells are to the
/// device.
const char* type_in_table(const Tensor& tensor) {
  if (tensor.dtype == QNN_DATATYPE_SFIXED_POINT_4 && tensor.is_static())
    return dtype_name(QNN_DATATYPE_SFIXED_POINT_8);
  return dtype_name(tensor.dtype);
}

bool fits(const Op& op, const std::vector<std::string_view>& columns, std::string_view row) {
  const std::vector<std::string_view> cells = split(row, ' ');
  for (size_t c = 0; c < columns.size() && c < cells.size(); ++c) {
    if (cells[c] == "-") continue;
    for (const Tensor* tensor : of_column(op, columns[c])) {
      if (!is_one_of(type_in_table(*tensor), cells[c])) return false;
    }
  }
  return true;
}

std::string check_types(const Op& op, const OpRule& rule) {
  const std::vector<std::string_view> columns = split(rule.columns, ' ');
  const bool fit =
      rule.dtypes.empty() || std::any_of(rule.dtypes.begin(), rule.dtypes.end(),
                                         [&](const char* row) { return fits(op, columns, row); });
  if (fit) return "";
  std::string types;
  for (const Tensor* tensor : op.inputs) types += std::string(" ") + dtype_name(tensor->dtype);
  types += " ->";
  for (const Tensor* tensor : op.outputs) types += std::string(" ") + dtype_name(tensor->dtype);
  return "; no combination of types allows" + types;
}

}  // namespace

std::string check_rules(const Op& op, const OpRule& rule) {
  const std::string problems = check_tensors(op.inputs, rule.inputs, "in") +
                               check_tensors(op.outputs, rule.outputs, "out") +
                               check_params(op.node, rule.params) + check_types(op, rule);
  return problems.empty() ? "" : problems.substr(2);
}

}  // namespace qnn_host
