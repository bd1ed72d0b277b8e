#include "graph_runner.h"

#include <algorithm>
#include <cstring>

#include "float16.h"

namespace rwkv {
namespace {

using Role = ManifestTensor::Role;

std::string wanted_text(Dtype dtype, uint64_t elements) {
  return std::string(dtype_name(dtype)) + " of " + std::to_string(elements) + " elements";
}

}  // namespace

Result<EmbeddingTable> EmbeddingTable::open(const std::string& path,
                                            const ManifestEmbedding& manifest) {
  EmbeddingTable table;
  table.manifest_ = manifest;
  RWKV_ASSIGN(table.file_, MappedFile::open(path));
  const uint64_t wanted = manifest.rows * manifest.width * dtype_size(manifest.dtype);
  if (table.file_.size() != wanted) {
    return input_error("artefact/embedding-size",
                       path + " has " + std::to_string(table.file_.size()) +
                           " bytes, the manifest says " + std::to_string(wanted));
  }
  return table;
}

void EmbeddingTable::copy_row(int32_t token, const ElementCodec& codec, uint8_t* out) const {
  const size_t size = dtype_size(manifest_.dtype);
  const uint8_t* row = file_.data() + static_cast<size_t>(token) * manifest_.width * size;
  for (uint64_t i = 0; i < manifest_.width; ++i) {
    float value;
    if (manifest_.dtype == Dtype::kFloat16) {
      uint16_t half;
      std::memcpy(&half, row + i * size, size);
      value = float16_to_float32(half);
    } else {
      std::memcpy(&value, row + i * size, size);
    }
    codec.write(out + i * codec.element_size(), value);
  }
}

Result<std::unique_ptr<GraphRunner>> GraphRunner::create(Graph& graph,
                                                         const ManifestGraph& manifest,
                                                         const EmbeddingTable* embedding) {
  std::unique_ptr<GraphRunner> runner(new GraphRunner(graph, manifest, embedding));
  RWKV_TRY(runner->bind_inputs());
  RWKV_TRY(runner->bind_outputs());
  RWKV_TRY(runner->bind_states());
  RWKV_TRY(runner->bind_the_rest());
  return runner;
}

Result<GraphRunner::Slot> GraphRunner::find_tensor(bool input, const std::string& name, Dtype dtype,
                                                   uint64_t elements) const {
  const int index = input ? graph_.find_input(name) : graph_.find_output(name);
  const char* what = input ? "input" : "output";
  if (index < 0) {
    return input_error(
        "artefact/no-tensor",
        "graph " + graph_.name() + " has no " + what + " " + name + ", which the manifest lists",
        "The library or context binary is not of this artefact: build it again.");
  }
  const TensorInfo& info = input ? graph_.inputs()[static_cast<size_t>(index)]
                                 : graph_.outputs()[static_cast<size_t>(index)];
  if (!same_dtype(dtype, info.dtype) || info.elements() != elements) {
    return input_error("artefact/other-tensor",
                       std::string(what) + " " + name + " of graph " + graph_.name() + " is " +
                           info.describe() + ", the manifest says " + wanted_text(dtype, elements));
  }
  Slot slot;
  slot.index = static_cast<size_t>(index);
  RWKV_ASSIGN(slot.codec, ElementCodec::create(dtype, info));
  return slot;
}

Status GraphRunner::bind_inputs() {
  const ManifestTensor* tensor = manifest_.input(Role::kToken);
  if (tensor == nullptr) tensor = manifest_.input(Role::kEmbedding);
  RWKV_ASSIGN(input_, find_tensor(true, tensor->name, tensor->dtype, tensor->elements()));
  if (tensor->role == Role::kEmbedding) {
    const uint64_t width = tensor->elements() / manifest_.tokens;
    if (embedding_ == nullptr || embedding_->width() != width) {
      return input_error(
          "artefact/embedding",
          "graph " + graph_.name() + " takes embeddings of width " + std::to_string(width) +
              ", the artefact has " +
              (embedding_ == nullptr ? "none" : std::to_string(embedding_->width())));
    }
  }
  input_.buffer.resize(tensor->elements() * input_.codec.element_size());
  graph_.bind_input(input_.index, input_.buffer.data());
  return Done{};
}

Status GraphRunner::bind_outputs() {
  const ManifestTensor* tensor = manifest_.output(Role::kLogits);
  RWKV_ASSIGN(logits_slot_, find_tensor(false, tensor->name, tensor->dtype, tensor->elements()));
  logits_slot_.buffer.resize(tensor->elements() * logits_slot_.codec.element_size());
  logits_.resize(tensor->elements());
  graph_.bind_output(logits_slot_.index, logits_slot_.buffer.data());
  return Done{};
}

Status GraphRunner::bind_states() {
  std::vector<ElementCodec> codecs;
  for (const ManifestState& state : manifest_.states) {
    RWKV_ASSIGN(const Slot input, find_tensor(true, state.input, state.dtype, state.elements()));
    RWKV_ASSIGN(const Slot output, find_tensor(false, state.output, state.dtype, state.elements()));
    const TensorInfo& in = graph_.inputs()[input.index];
    const TensorInfo& out = graph_.outputs()[output.index];
    if (in.has_encoding != out.has_encoding || in.scale != out.scale || in.offset != out.offset) {
      return input_error("artefact/state-encoding",
                         "state tensors " + state.input + " and " + state.output +
                             " have different encodings: one cannot follow the other");
    }
    state_inputs_.push_back(input.index);
    state_outputs_.push_back(output.index);
    codecs.push_back(input.codec);
  }
  state_ = std::make_shared<StateStore>(StateStore::create(manifest_.states, std::move(codecs)));
  return Done{};
}

Status GraphRunner::bind_the_rest() {
  const auto has = [](const std::vector<size_t>& list, size_t index) {
    return std::find(list.begin(), list.end(), index) != list.end();
  };
  for (size_t i = 0; i < graph_.inputs().size(); ++i) {
    if (i == input_.index || has(state_inputs_, i)) continue;
    return input_error("artefact/unknown-input", "graph " + graph_.name() + " has an input " +
                                                     graph_.inputs()[i].name +
                                                     " that the manifest does not list");
  }
  // Outputs more than the manifest's only need a place to be written to.
  for (size_t i = 0; i < graph_.outputs().size(); ++i) {
    if (i == logits_slot_.index || has(state_outputs_, i)) continue;
    Slot slot;
    slot.index = i;
    slot.buffer.resize(graph_.outputs()[i].bytes());
    graph_.bind_output(i, slot.buffer.data());
    unused_outputs_.push_back(std::move(slot));
  }
  return Done{};
}

const uint8_t* GraphRunner::output(size_t index) const {
  if (index == logits_slot_.index) return logits_slot_.buffer.data();
  for (size_t i = 0; i < state_outputs_.size(); ++i) {
    // After the run the store is flipped: what was written is what the next one reads.
    if (state_outputs_[i] == index) return state_->input(i);
  }
  for (const Slot& slot : unused_outputs_) {
    if (slot.index == index) return slot.buffer.data();
  }
  return nullptr;
}

const uint8_t* GraphRunner::input(size_t index) const {
  for (size_t i = 0; i < state_inputs_.size(); ++i) {
    if (state_inputs_[i] == index) return state_->output(i);  // flipped, as above
  }
  return index == input_.index ? input_.buffer.data() : nullptr;
}

Status GraphRunner::run(const int32_t* tokens) {
  if (manifest_.input(Role::kToken) != nullptr) {
    std::memcpy(input_.buffer.data(), tokens, manifest_.tokens * sizeof(int32_t));
  } else {
    const size_t row = embedding_->width() * input_.codec.element_size();
    for (uint64_t t = 0; t < manifest_.tokens; ++t) {
      embedding_->copy_row(tokens[t], input_.codec, &input_.buffer[t * row]);
    }
  }
  for (size_t i = 0; i < state_inputs_.size(); ++i) {
    graph_.bind_input(state_inputs_[i], state_->input(i));
    graph_.bind_output(state_outputs_[i], state_->output(i));
  }
  RWKV_TRY(graph_.execute());
  state_->flip();
  logits_slot_.codec.read_all(logits_slot_.buffer.data(), logits_.size(), logits_.data());
  return Done{};
}

}  // namespace rwkv
