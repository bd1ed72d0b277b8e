#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qnn_host {

constexpr char kPackageName[] = "qti.aisw";

struct TensorRule {
  const char* name;
  bool optional;
  bool any_number;  ///< "in[0..m]": stands for all of them
  uint32_t least_rank, greatest_rank;
};

struct ParamRule {
  const char* name;
  bool is_tensor;
  bool optional;
  const char* dtypes;  ///< "f32", "i32|u32"; empty: any
};

/// What a QNN op takes. From the compiler's own table, so that what it lowers is what is accepted
/// here.
struct OpRule {
  const char* type;
  std::vector<TensorRule> inputs;
  std::vector<ParamRule> params;
  std::vector<TensorRule> outputs;
  /// What the words of `dtypes` stand for: "in[0] in[1] out[0]".
  const char* columns;
  /// Allowed combinations of types: "f16 f16 f16", with "-" for any, "a|b" for either.
  std::vector<const char*> dtypes;
};

const std::vector<OpRule>& op_table();

/// Null for an unknown op.
const OpRule* find_rule(const std::string& type);

}  // namespace qnn_host
