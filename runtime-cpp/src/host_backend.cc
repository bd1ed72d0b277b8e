#include "host_backend.h"

#include <cstddef>

namespace rwkv {
namespace {

std::string text_of(const char* text) {
  return text != nullptr ? text : "";
}

}  // namespace

HostBackend HostBackend::of(const Api& api) {
  HostBackend host;
  if (api.backend_id != QNN_BACKEND_ID_HOST || api.fn.deviceGetInfrastructure == nullptr)
    return host;
  QnnDevice_Infrastructure_t infrastructure = nullptr;
  if (api.fn.deviceGetInfrastructure(&infrastructure) != QNN_SUCCESS) return host;
  const auto* table = reinterpret_cast<const QnnHostDevice_Infrastructure_t*>(infrastructure);
  // A table of an older library is shorter.
  constexpr size_t kNeeded = offsetof(QnnHostDevice_Infrastructure_t, instructionSet) +
                             sizeof(QnnHostDevice_Infrastructure_t::instructionSet);
  if (table != nullptr && table->size >= kNeeded) host.table_ = table;
  return host;
}

std::string HostBackend::instruction_set() const {
  return table_ != nullptr ? text_of(table_->instructionSet()) : "";
}

std::optional<Overflow> HostBackend::overflow(const Graph& graph) const {
  if (table_ == nullptr) return std::nullopt;
  const QnnHostGraph_Overflow_t* found = nullptr;
  if (table_->graphGetOverflow(graph.handle(), &found) != QNN_SUCCESS || found == nullptr)
    return std::nullopt;
  Overflow overflow;
  overflow.graph = graph.name();
  overflow.node = text_of(found->node);
  overflow.tensor = text_of(found->tensor);
  overflow.index = found->index;
  overflow.value = found->value;
  overflow.elements = found->elements;
  for (uint32_t i = 0; i < found->inputCount; ++i)
    overflow.inputs.push_back({text_of(found->inputs[i].tensor), found->inputs[i].largest});
  return overflow;
}

}  // namespace rwkv
