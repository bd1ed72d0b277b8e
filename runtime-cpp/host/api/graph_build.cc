#include <algorithm>

#include "../validate/op_config.h"
#include "../validate/sane_enum.h"
#include "../validate/tensor_rules.h"
#include "Host/QnnHost.h"
#include "QnnBackend.h"
#include "QnnOpPackage.h"
#include "QnnTensor.h"
#include "config_list.h"
#include "graph.h"
#include "static_data.h"

// A graph under construction: its options, tensors and nodes.

namespace qnn_host {
namespace {

using Lock = std::lock_guard<std::mutex>;

/// Data smaller than a page are copied even where the client maps them: nothing is saved by
/// leaving them.
constexpr uint64_t kPage = 4096;

/// The tensors that a graph has already.
class CreatedTensors : public TensorSource {
 public:
  explicit CreatedTensors(const GraphBuilder& builder) : builder_(builder) {}

  Fault find(const Qnn_Tensor_t& source, uint32_t* place) override {
    // The encoding is the one that it was created with.
    Tensor described;
    if (const Fault fault = read_declaration(source, false, &described)) return bad(fault.text);
    const int64_t found = builder_.find(described.id, source.v1.name);
    if (found < 0)
      return bad("graph " + builder_.model().name + " has no tensor of id " +
                 std::to_string(described.id) + " and name \"" + described.name +
                 "\": create it first (tensorCreateGraphTensor)");
    const Tensor& tensor = builder_.model().tensors[static_cast<size_t>(found)];
    if (described.type != tensor.type || described.dtype != tensor.dtype ||
        described.dims != tensor.dims)
      return bad("tensor " + describe(described) + " was created as " + describe(tensor) +
                 (described.type != tensor.type ? ", of another type" : ""));
    *place = static_cast<uint32_t>(found);
    return {};
  }

  Fault find_data(const Qnn_Tensor_t& source, Param* param) override {
    uint32_t place = 0;
    if (Fault fault = find(source, &place)) return fault;
    const Tensor& tensor = builder_.model().tensors[place];
    if (!tensor.is_static())
      return bad("parameter " + param->name + " is tensor " + tensor.name +
                 ", which is not STATIC");
    param->dtype = tensor.dtype;
    param->dims = tensor.dims;
    param->bytes.assign(tensor.data, tensor.data + tensor.bytes());
    return {};
  }

 private:
  static Fault bad(const std::string& text) { return {QNN_GRAPH_ERROR_INVALID_TENSOR, text}; }

  const GraphBuilder& builder_;
};

}  // namespace

Fault Graph::configure(const QnnGraph_Config_t* const* config) {
  const Lock lock(mutex_);
  if (Fault fault = check_building()) return fault;
  return each_config(config, [this](const QnnGraph_Config_t& one) { return configure_one(one); });
}

Fault Graph::configure_one(const QnnGraph_Config_t& config) {
  const auto unsupported = [this](const char* what) -> Fault {
    return {QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, "graph " + name() + ": " + what};
  };
  const QnnGraph_ConfigOption_t option = sane(config.option);
  switch (option) {
    case QNN_GRAPH_CONFIG_OPTION_CUSTOM:
      return configure_custom(config.customConfig);
    case QNN_GRAPH_CONFIG_OPTION_PRIORITY:
      if (sane(config.priority) == QNN_PRIORITY_NORMAL) return {};
      return unsupported("there is only normal priority");
    case QNN_GRAPH_CONFIG_OPTION_PROFILE_HANDLE:
    case QNN_GRAPH_CONFIG_OPTION_SET_PROFILING_STATE:
    case QNN_GRAPH_CONFIG_OPTION_SET_PROFILING_NUM_EXECUTIONS:
      return unsupported("continuous profiling is not supported, give each call its profile");
    default:
      return {QNN_GRAPH_ERROR_INVALID_ARGUMENT,
              "graph " + name() + ": unknown config option " + std::to_string(option)};
  }
}

Fault Graph::configure_custom(const void* custom) {
  const auto invalid = [this](const std::string& problem) -> Fault {
    return {QNN_GRAPH_ERROR_INVALID_ARGUMENT, "graph " + name() + ": custom config: " + problem};
  };
  if (custom == nullptr) return invalid("it is null");
  const auto& config = *static_cast<const QnnHostGraph_CustomConfig_t*>(custom);
  const QnnHostGraph_ConfigOption_t option = sane(config.option);
  switch (option) {
    case QNN_HOST_GRAPH_CONFIG_OPTION_MAPPED_STATIC_DATA:
      options_.mapped_static_data = config.value != 0;
      return {};
    case QNN_HOST_GRAPH_CONFIG_OPTION_THREADS:
      if (config.value > kMaxThreads)
        return invalid(std::to_string(config.value) + " threads are more than " +
                       std::to_string(kMaxThreads));
      options_.executor.threads = config.value;
      return {};
    case QNN_HOST_GRAPH_CONFIG_OPTION_REFERENCE_KERNELS:
      options_.executor.reference_kernels = config.value != 0;
      return {};
    default:
      return invalid("option " + std::to_string(option) + " is not one of the host's");
  }
}

Fault Graph::create_tensor(Qnn_Tensor_t* source) {
  const Lock lock(mutex_);
  if (Fault fault = check_building()) return fault;
  Tensor tensor;
  if (Fault fault = read_tensor(*source, true, &tensor)) return fault;
  if (tensor.is_static()) {
    if (Fault fault = read_data(*source, tensor, &tensor.data)) return fault;
  }
  tensor.id = ids_->fetch_add(1);
  if (Fault fault = builder_.check_tensor(tensor)) return fault;
  if (tensor.is_static()) {
    const uint32_t alignment = std::max(element_size(tensor.dtype), 1u);
    const bool aligned = reinterpret_cast<uintptr_t>(tensor.data) % alignment == 0;
    tensor.is_mapped = options_.mapped_static_data && aligned && tensor.bytes() >= kPage;
    if (!tensor.is_mapped) {
      const std::shared_ptr<const uint8_t> copy = copy_aligned(tensor.data, tensor.bytes());
      tensor.data = copy.get();
      tensor.owner = copy;
    }
  }
  source->v1.id = tensor.id;
  return builder_.add_tensor(std::move(tensor));
}

Fault Graph::add_node(const Qnn_OpConfig_t& config) {
  const Lock lock(mutex_);
  if (Fault fault = check_building()) return fault;
  CreatedTensors tensors(builder_);
  Node node;
  Fault fault = read_op_config(config, tensors, &node);
  if (!fault) return builder_.add_node(std::move(node));
  const bool refused = fault.code == QNN_OP_PACKAGE_ERROR_VALIDATION_FAILURE ||
                       fault.code == QNN_BACKEND_ERROR_OP_PACKAGE_NOT_FOUND;
  if (refused) fault.code = QNN_GRAPH_ERROR_INVALID_OP_CONFIG;
  return fault;
}

}  // namespace qnn_host
