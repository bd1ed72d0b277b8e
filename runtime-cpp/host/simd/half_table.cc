#include "half_table.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "ops/half_rules.h"

namespace qnn_host {
namespace {

bool has_table(const std::string& type) {
  static const char* const kTypes[] = {"Sigmoid",
                                       "Tanh",
                                       "ElementWiseExp",
                                       "ElementWiseLog",
                                       "ElementWiseSquareRoot",
                                       "ElementWiseRsqrt",
                                       "ElementWiseNeg",
                                       "ElementWiseAbs"};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

/// All values through the node's own kernel, as many at a time as it takes.
std::shared_ptr<const HalfTable> make_table(const Op& op) {
  const std::unique_ptr<Kernel> kernel = find_op(op.node.type)->reference(op);
  auto table = std::make_shared<HalfTable>();
  const size_t count = op.inputs[0]->elements();
  std::vector<uint16_t> x(count), y(count);
  for (size_t first = 0; first < table->size(); first += count) {
    for (size_t i = 0; i < count; ++i) x[i] = static_cast<uint16_t>(first + i);
    const void* in = x.data();
    void* out = y.data();
    kernel->run({&in, &out, nullptr});
    for (size_t i = 0; i < count && first + i < table->size(); ++i) (*table)[first + i] = y[i];
  }
  return table;
}

}  // namespace

std::shared_ptr<const HalfTable> half_table(const Op& op) {
  if (!has_table(op.node.type)) return nullptr;
  static std::mutex mutex;
  static auto& tables = *new std::map<std::pair<std::string, bool>, std::weak_ptr<const HalfTable>>;
  const std::lock_guard<std::mutex> lock(mutex);
  const bool fused =
      (op.node.type == "Sigmoid" || op.node.type == "Tanh") && is_fused_activation(op);
  std::weak_ptr<const HalfTable>& known = tables[{op.node.type, fused}];
  std::shared_ptr<const HalfTable> table = known.lock();
  if (table == nullptr) known = table = make_table(op);
  return table;
}

}  // namespace qnn_host
