#include "binary_format.h"
#include "checksum.h"
#include "context_binary.h"

namespace qnn_host {
namespace {

void write_node(const Node& node, FieldWriter& out) {
  out.text(node.name);
  out.text(node.type);
  out.number(static_cast<uint32_t>(node.params.size()));
  for (const Param& param : node.params) {
    out.text(param.name);
    out.number(static_cast<uint32_t>(param.dtype));
    out.number(static_cast<uint8_t>(param.is_tensor));
    out.numbers(param.dims);
    out.numbers(param.bytes);
  }
  out.numbers(node.inputs);
  out.numbers(node.outputs);
}

void write_encoding(const Encoding& encoding, FieldWriter& out) {
  out.number(static_cast<uint32_t>(encoding.kind));
  out.number(encoding.bitwidth);
  out.number(encoding.axis);
  out.numbers(encoding.scales);
  out.numbers(encoding.offsets);
  out.number(encoding.blocks);
  out.numbers(encoding.block_scales);
}

}  // namespace

ContextBinary::ContextBinary(std::vector<std::shared_ptr<Graph>> graphs)
    : graphs_(std::move(graphs)) {
  FieldWriter out(description_);
  for (const std::shared_ptr<Graph>& graph : graphs_) {
    const GraphModel& model = graph->model();
    out.text(model.name);
    out.number(graph->options().executor.threads);
    out.number(static_cast<uint8_t>(graph->options().executor.reference_kernels));
    out.number(static_cast<uint32_t>(model.tensors.size()));
    for (const Tensor& tensor : model.tensors) {
      out.text(tensor.name);
      out.number(tensor.id);
      out.number(static_cast<uint32_t>(tensor.type));
      out.number(static_cast<uint32_t>(tensor.dtype));
      out.numbers(tensor.dims);
      if (is_fixed_point(tensor.dtype)) write_encoding(tensor.encoding, out);
      if (tensor.is_static()) out.number(place(tensor));
    }
    out.number(static_cast<uint32_t>(model.nodes.size()));
    for (const Node& node : model.nodes) write_node(node, out);
  }
  description_.resize(align_up(description_.size()));
  size_ = sizeof(BinaryHeader) + description_.size() + data_size_;
}

/// Where the data of a static tensor are stored. Graphs over one file name the same memory: it is
/// stored once.
uint64_t ContextBinary::place(const Tensor& tensor) {
  const auto known = known_.find({tensor.data, tensor.bytes()});
  if (known != known_.end()) return known->second;
  const uint64_t offset = data_size_;
  known_.emplace(std::make_pair(tensor.data, tensor.bytes()), offset);
  pieces_.push_back({tensor.data, tensor.bytes(), offset});
  data_size_ += align_up(tensor.bytes());
  return offset;
}

void ContextBinary::write(uint8_t* buffer) const {
  BinaryHeader header = {};
  std::memcpy(header.magic, kBinaryMagic, sizeof header.magic);
  header.version = kBinaryVersion;
  header.graphs = static_cast<uint32_t>(graphs_.size());
  header.size = size_;
  header.data = sizeof header + description_.size();
  uint8_t* const data = buffer + header.data;
  std::memcpy(buffer + sizeof header, description_.data(), description_.size());
  for (const Piece& piece : pieces_) {
    std::memcpy(data + piece.offset, piece.data, piece.size);
    std::memset(data + piece.offset + piece.size, 0, align_up(piece.size) - piece.size);
  }
  Checksum checksum;
  checksum.add(&header, sizeof header);
  checksum.add(buffer + sizeof header, size_ - sizeof header);
  header.checksum = checksum.value();
  std::memcpy(buffer, &header, sizeof header);
}

}  // namespace qnn_host
