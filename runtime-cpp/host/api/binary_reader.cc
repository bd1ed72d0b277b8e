#include <algorithm>

#include "../validate/encoding_rules.h"
#include "../validate/tensor_rules.h"
#include "System/QnnSystemContext.h"
#include "binary_format.h"
#include "checksum.h"
#include "context_binary.h"
#include "static_data.h"

namespace qnn_host {
namespace {

Fault damaged(const std::string& what) {
  return {QNN_SYSTEM_CONTEXT_ERROR_MALFORMED_BINARY, "the context binary " + what};
}

/// UNDEFINED for a number that the type cannot hold.
template <typename Enum>
Enum read_enum(FieldReader& in) {
  return static_cast<Enum>(std::min<uint32_t>(in.number<uint32_t>(), 0x7FFFFFFF));
}

/// The part of a binary that holds static data.
struct Data {
  const uint8_t* first;
  uint64_t size;
  bool persistent;  // stays where it is: need not be copied
};

/// Gives a static tensor its data at `offset`.
Fault attach_data(const Data& data, uint64_t offset, Tensor* tensor) {
  const uint64_t bytes = tensor->bytes();
  if (offset % kBinaryAlignment != 0 || offset > data.size || bytes > data.size - offset)
    return damaged("has no data for tensor " + tensor->name);
  const uint8_t* from = data.first + offset;
  const bool aligned = reinterpret_cast<uintptr_t>(from) % kBinaryAlignment == 0;
  if (data.persistent && aligned) {
    tensor->data = from;
    return {};
  }
  const auto copy = copy_aligned(from, bytes);
  tensor->data = copy.get();
  tensor->owner = copy;
  return {};
}

Encoding read_encoding_field(FieldReader& in) {
  Encoding encoding;
  encoding.kind = read_enum<Qnn_QuantizationEncoding_t>(in);
  encoding.bitwidth = in.number<uint32_t>();
  encoding.axis = in.number<uint32_t>();
  encoding.scales = in.numbers<float>();
  encoding.offsets = in.numbers<int32_t>();
  encoding.blocks = in.number<uint32_t>();
  encoding.block_scales = in.numbers<uint8_t>();
  return encoding;
}

Fault read_tensor_field(FieldReader& in, const Data& data, Tensor* tensor) {
  tensor->name = in.text();
  tensor->id = in.number<uint32_t>();
  tensor->type = read_enum<Qnn_TensorType_t>(in);
  tensor->dtype = read_enum<Qnn_DataType_t>(in);
  tensor->dims = in.numbers();
  if (!in.ok()) return damaged("ends within a tensor");
  // The same checks as for a client's tensor.
  Qnn_Tensor_t described = QNN_TENSOR_INIT;
  described.v1.name = tensor->name.c_str();
  described.v1.type = tensor->type;
  described.v1.dataType = tensor->dtype;
  described.v1.rank = static_cast<uint32_t>(tensor->dims.size());
  described.v1.dimensions = tensor->dims.data();
  Tensor checked;
  if (const Fault fault = read_declaration(described, true, &checked)) return damaged(fault.text);
  if (is_fixed_point(tensor->dtype)) {
    tensor->encoding = read_encoding_field(in);
    if (!in.ok()) return damaged("ends within a tensor");
    if (const Fault fault = check_encoding(*tensor)) return damaged(fault.text);
  }
  if (!tensor->is_static()) return {};
  const auto offset = in.number<uint64_t>();
  if (!in.ok()) return damaged("ends within a tensor");
  return attach_data(data, offset, tensor);
}

Fault read_node_field(FieldReader& in, Node* node) {
  node->name = in.text();
  node->type = in.text();
  const auto count = in.number<uint32_t>();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    Param param;
    param.name = in.text();
    param.dtype = read_enum<Qnn_DataType_t>(in);
    param.is_tensor = in.number<uint8_t>() != 0;
    param.dims = in.numbers();
    param.bytes = in.numbers<uint8_t>();
    uint64_t bytes = element_size(param.dtype);
    for (const uint32_t extent : param.dims) {
      if (extent != 0 && bytes > kMaxTensorBytes / extent) return damaged("has a huge parameter");
      bytes *= extent;
    }
    if (in.ok() && (bytes == 0 || bytes != param.bytes.size()))
      return damaged("has a parameter " + param.name + " of a wrong size");
    node->params.push_back(std::move(param));
  }
  node->inputs = in.numbers();
  node->outputs = in.numbers();
  return in.ok() ? Fault{} : damaged("ends within node " + node->name);
}

Fault read_graph(FieldReader& in, const Data& data, const std::shared_ptr<Log>& log,
                 std::shared_ptr<Graph>* graph) {
  GraphBuilder builder(in.text());
  GraphOptions options;
  options.executor.threads = std::min(in.number<uint32_t>(), kMaxThreads);
  options.executor.reference_kernels = in.number<uint8_t>() != 0;
  const auto tensors = in.number<uint32_t>();
  for (uint32_t i = 0; i < tensors && in.ok(); ++i) {
    Tensor tensor;
    if (Fault fault = read_tensor_field(in, data, &tensor)) return fault;
    if (const Fault fault = builder.add_tensor(std::move(tensor))) return damaged(fault.text);
  }
  const auto nodes = in.number<uint32_t>();
  for (uint32_t i = 0; i < nodes && in.ok(); ++i) {
    Node node;
    if (Fault fault = read_node_field(in, &node)) return fault;
    if (const Fault fault = builder.add_node(std::move(node)))
      return {QNN_CONTEXT_ERROR_CREATE_FROM_BINARY, fault.text};
  }
  if (!in.ok()) return damaged("ends within a graph");
  *graph = std::make_shared<Graph>(std::move(builder), options, log);
  return {};
}

}  // namespace

Fault check_binary(const void* bytes, uint64_t size) {
  if (bytes == nullptr || size == 0)
    return {QNN_CONTEXT_ERROR_INVALID_ARGUMENT, "the context binary is empty"};
  BinaryHeader header = {};
  std::memcpy(&header, bytes, std::min<uint64_t>(size, sizeof header));
  if (std::memcmp(header.magic, kBinaryMagic, std::min<uint64_t>(size, sizeof kBinaryMagic)) != 0)
    return {
        QNN_SYSTEM_CONTEXT_ERROR_INVALID_ARGUMENT,
        "the buffer is no context binary of the host backend (other backends cannot be loaded)"};
  if (size < sizeof header) return damaged("ends within its header");
  if (header.version != kBinaryVersion)
    return {QNN_CONTEXT_ERROR_BINARY_VERSION,
            "the context binary has format " + std::to_string(header.version) +
                ", this library reads " + std::to_string(kBinaryVersion)};
  if (header.size != size)
    return damaged("has " + std::to_string(size) + " bytes, its header says " +
                   std::to_string(header.size));
  if (size % kBinaryAlignment != 0 || header.data > size || header.data < sizeof header)
    return damaged("has a damaged header");
  const uint64_t expected = header.checksum;
  header.checksum = 0;
  Checksum checksum;
  checksum.add(&header, sizeof header);
  checksum.add(static_cast<const uint8_t*>(bytes) + sizeof header, size - sizeof header);
  if (checksum.value() != expected) return damaged("is damaged: its checksum does not fit");
  return {};
}

Fault read_binary(const void* bytes, uint64_t size, const ContextOptions& options,
                  const std::shared_ptr<Log>& log, std::vector<std::shared_ptr<Graph>>* graphs) {
  if (Fault fault = check_binary(bytes, size)) return fault;
  const auto* first = static_cast<const uint8_t*>(bytes);
  BinaryHeader header;
  std::memcpy(&header, first, sizeof header);
  const Data data{first + header.data, size - header.data, options.persistent_binary};
  FieldReader in(first + sizeof header, header.data - sizeof header);
  std::vector<std::string> missing = options.graphs;
  for (uint32_t i = 0; i < header.graphs; ++i) {
    std::shared_ptr<Graph> graph;
    if (Fault fault = read_graph(in, data, log, &graph)) return fault;
    const auto wanted = std::find(missing.begin(), missing.end(), graph->name());
    if (options.some_graphs && wanted == missing.end()) continue;
    if (options.some_graphs) missing.erase(wanted);
    graphs->push_back(std::move(graph));
  }
  if (!missing.empty())
    return {QNN_CONTEXT_ERROR_INVALID_CONFIG,
            "the context binary has no graph " + missing.front() + " to enable"};
  return {};
}

}  // namespace qnn_host
