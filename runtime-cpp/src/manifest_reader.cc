#include "manifest.h"

#include <algorithm>

#include "files.h"
#include "json_fields.h"
#include "manifest.h"
#include "sha256.h"

namespace rwkv {
namespace {

using Role = ManifestTensor::Role;

/// Dimensions whose product fits an ordinary size: the bound keeps every later index computation in
/// 64 bits.
Result<std::vector<uint64_t>> read_shape(const JsonFields& fields, const char* name) {
  RWKV_ASSIGN(const std::vector<uint64_t> shape, fields.counts(name));
  uint64_t elements = 1;
  for (const uint64_t d : shape) {
    if (d == 0 || d > (uint64_t{1} << 40) / elements) {
      return fields.fail(name, "a shape of at least 1 and at most 2^40 elements");
    }
    elements *= d;
  }
  return shape;
}

Result<Dtype> read_dtype(const JsonFields& fields) {
  RWKV_ASSIGN(const std::string text, fields.text("dtype"));
  for (const Dtype dtype : {Dtype::kFloat16, Dtype::kFloat32, Dtype::kInt32, Dtype::kUint16}) {
    if (text == dtype_name(dtype)) return dtype;
  }
  return fields.fail("dtype", "float16, float32, int32 or uint16");
}

/// A path below the artefact's folder: an artefact from a stranger must not reach other files.
Result<std::string> read_path(const JsonFields& fields, const std::string& name) {
  RWKV_ASSIGN(const std::string path, fields.text(name));
  const std::string framed = "/" + path + "/";
  if (path.empty() || path[0] == '/' || framed.find("/../") != std::string::npos ||
      path.find('\0') != std::string::npos) {
    return fields.fail(name, "a path inside the artefact");
  }
  return path;
}

Result<ManifestTensor> read_tensor(const JsonFields& fields) {
  ManifestTensor tensor;
  RWKV_ASSIGN(tensor.name, fields.text("name"));
  RWKV_ASSIGN(const std::string role, fields.text("role"));
  if (role == "token")
    tensor.role = Role::kToken;
  else if (role == "embedding")
    tensor.role = Role::kEmbedding;
  else if (role == "logits")
    tensor.role = Role::kLogits;
  else
    return fields.fail("role", "token, embedding or logits");
  RWKV_ASSIGN(tensor.dtype, read_dtype(fields));
  RWKV_ASSIGN(tensor.shape, read_shape(fields, "shape"));
  return tensor;
}

Result<ManifestStateSlice> read_slice(const JsonFields& fields, uint64_t tensor_elements) {
  ManifestStateSlice slice;
  RWKV_ASSIGN(slice.name, fields.text("name"));
  RWKV_ASSIGN(slice.shape, read_shape(fields, "shape"));
  RWKV_ASSIGN(slice.offset, fields.count("offset"));
  RWKV_ASSIGN(slice.strides, fields.counts("strides"));
  RWKV_ASSIGN(slice.scale, fields.number("scale"));
  RWKV_ASSIGN(slice.initial, fields.number("initial"));
  RWKV_ASSIGN(slice.order, fields.count("order"));
  if (slice.strides.size() != slice.shape.size()) {
    return fields.fail("strides", "one number for each of the slice's " +
                                      std::to_string(slice.shape.size()) + " axes");
  }
  if (slice.scale == 0) return fields.fail("scale", "a number other than 0");
  uint64_t last = slice.offset;
  for (size_t axis = 0; axis < slice.shape.size(); ++axis) {
    const uint64_t steps = slice.shape[axis] - 1;
    if (last >= tensor_elements || (steps > 0 && slice.strides[axis] > tensor_elements / steps)) {
      return fields.fail("offset", "a slice inside its tensor");
    }
    last += steps * slice.strides[axis];
  }
  if (last >= tensor_elements) return fields.fail("offset", "a slice inside its tensor");
  return slice;
}

Result<ManifestState> read_state(const JsonFields& fields) {
  ManifestState state;
  RWKV_ASSIGN(state.input, fields.text("input"));
  RWKV_ASSIGN(state.output, fields.text("output"));
  RWKV_ASSIGN(state.dtype, read_dtype(fields));
  RWKV_ASSIGN(state.shape, read_shape(fields, "shape"));
  RWKV_ASSIGN(const std::vector<JsonFields> slices, fields.objects("slices"));
  for (const JsonFields& entry : slices) {
    RWKV_ASSIGN(ManifestStateSlice slice, read_slice(entry, state.elements()));
    state.slices.push_back(std::move(slice));
  }
  return state;
}

/// What a session relies on: rows of logits per token, and one input that takes the token.
Status check_graph(const JsonFields& fields, const ManifestGraph& graph, uint64_t vocabulary) {
  const ManifestTensor* token = graph.input(Role::kToken);
  const ManifestTensor* embedding = graph.input(Role::kEmbedding);
  if ((token == nullptr) == (embedding == nullptr)) {
    return fields.fail("inputs", "either a token input or an embedding input");
  }
  if (token != nullptr && (token->elements() != graph.tokens || token->dtype != Dtype::kInt32)) {
    return fields.fail("inputs", "a token input of " + std::to_string(graph.tokens) + " int32 ids");
  }
  if (embedding != nullptr && embedding->elements() % graph.tokens != 0) {
    return fields.fail("inputs", "an embedding input with the same width for each token");
  }
  const ManifestTensor* logits = graph.output(Role::kLogits);
  if (logits == nullptr || logits->elements() != graph.tokens * vocabulary) {
    return fields.fail("outputs", "logits of " + std::to_string(graph.tokens) + " x " +
                                      std::to_string(vocabulary) + " values");
  }
  return Done{};
}

Result<ManifestGraph> read_graph(const JsonFields& fields, uint64_t vocabulary) {
  ManifestGraph graph;
  RWKV_ASSIGN(graph.name, fields.text("name"));
  RWKV_ASSIGN(const std::string kind, fields.text("kind"));
  if (kind == "decode")
    graph.kind = ManifestGraph::Kind::kDecode;
  else if (kind == "prefill")
    graph.kind = ManifestGraph::Kind::kPrefill;
  else
    return fields.fail("kind", "decode or prefill");
  RWKV_ASSIGN(graph.tokens, fields.count("tokens"));
  if (graph.tokens == 0 || graph.tokens > (1u << 20)) return fields.fail("tokens", "1 or more");
  if (graph.kind == ManifestGraph::Kind::kDecode && graph.tokens != 1) {
    return fields.fail("tokens", "1 for a decode graph");
  }
  RWKV_ASSIGN(const std::vector<JsonFields> inputs, fields.objects("inputs"));
  for (const JsonFields& entry : inputs) {
    RWKV_ASSIGN(ManifestTensor tensor, read_tensor(entry));
    graph.inputs.push_back(std::move(tensor));
  }
  RWKV_ASSIGN(const std::vector<JsonFields> outputs, fields.objects("outputs"));
  for (const JsonFields& entry : outputs) {
    RWKV_ASSIGN(ManifestTensor tensor, read_tensor(entry));
    graph.outputs.push_back(std::move(tensor));
  }
  RWKV_ASSIGN(const std::vector<JsonFields> states, fields.objects("states"));
  for (const JsonFields& entry : states) {
    RWKV_ASSIGN(ManifestState state, read_state(entry));
    graph.states.push_back(std::move(state));
  }
  RWKV_TRY(check_graph(fields, graph, vocabulary));
  return graph;
}

Status read_embedding(const JsonFields& fields, Manifest& manifest) {
  RWKV_ASSIGN(const std::string placement, fields.text("placement"));
  if (placement == "graph") return Done{};
  if (placement != "host") return fields.fail("placement", "graph or host");
  ManifestEmbedding& embedding = manifest.embedding;
  embedding.on_host = true;
  RWKV_ASSIGN(embedding.file, read_path(fields, "file"));
  RWKV_ASSIGN(embedding.dtype, read_dtype(fields));
  if (embedding.dtype != Dtype::kFloat16 && embedding.dtype != Dtype::kFloat32) {
    return fields.fail("dtype", "float16 or float32");
  }
  RWKV_ASSIGN(const std::vector<uint64_t> shape, read_shape(fields, "shape"));
  if (shape.size() != 2 || shape[0] != manifest.vocabulary) {
    return fields.fail("shape", "[vocabulary, width]");
  }
  embedding.rows = shape[0];
  embedding.width = shape[1];
  return Done{};
}

Status read_target(const JsonFields& root, Manifest& manifest) {
  if (!root.is_null("htp")) {
    RWKV_ASSIGN(const JsonFields fields, root.object("htp"));
    manifest.has_htp = true;
    RWKV_ASSIGN(manifest.htp.soc, fields.text("soc"));
    RWKV_ASSIGN(manifest.htp.soc_model, fields.count32("socModel"));
    RWKV_ASSIGN(manifest.htp.arch, fields.count32("arch"));
    RWKV_ASSIGN(manifest.htp.vtcm_mb, fields.count32("vtcmMb"));
  }
  if (!root.is_null("tokenizer")) {
    RWKV_ASSIGN(const JsonFields fields, root.object("tokenizer"));
    RWKV_ASSIGN(manifest.tokenizer.kind, fields.text("kind"));
    // A kind that this runtime does not know is no fault as long as nobody hands in text.
    if (fields.has("file")) {
      RWKV_ASSIGN(manifest.tokenizer.file, read_path(fields, "file"));
    }
  }
  return Done{};
}

Status read_files(const JsonFields& root, Manifest& manifest) {
  if (!root.is_null("weights")) {
    RWKV_ASSIGN(manifest.weights, read_path(root, "weights"));
  }
  RWKV_ASSIGN(const JsonFields libraries, root.object("libraries"));
  for (const std::string& triple : libraries.names()) {
    RWKV_ASSIGN(manifest.libraries[triple], read_path(libraries, triple));
  }
  RWKV_ASSIGN(const std::vector<JsonFields> files, root.objects("files"));
  for (const JsonFields& entry : files) {
    RWKV_ASSIGN(const std::string path, read_path(entry, "path"));
    ManifestFile& file = manifest.files[path];
    RWKV_ASSIGN(file.bytes, entry.count("bytes"));
    RWKV_ASSIGN(file.sha256, entry.text("sha256"));
  }
  return Done{};
}

}  // namespace

Result<Manifest> parse_manifest(const std::string& text, const std::string& source) {
  RWKV_ASSIGN(const Json json, parse_json(text, source));
  RWKV_ASSIGN(const JsonFields root, JsonFields::root(json, source));
  RWKV_ASSIGN(const std::string format, root.text("format"));
  if (format != "rwkvc-artefact") return root.fail("format", "\"rwkvc-artefact\"");
  RWKV_ASSIGN(const uint64_t version, root.count("formatVersion"));
  if (version != 1) return root.fail("formatVersion", "1, the version this runtime reads");

  Manifest manifest;
  manifest.sha256 = sha256(text.data(), text.size());
  RWKV_ASSIGN(manifest.name, root.text("name"));
  RWKV_ASSIGN(const JsonFields spec, root.object("spec"));
  RWKV_ASSIGN(manifest.spec_name, spec.text("name"));
  RWKV_ASSIGN(manifest.vocabulary, root.count("vocabulary"));
  if (manifest.vocabulary == 0 || manifest.vocabulary > INT32_MAX) {
    return root.fail("vocabulary", "between 1 and 2^31 - 1");
  }
  RWKV_ASSIGN(manifest.precision, root.text("precision"));
  RWKV_ASSIGN(manifest.target, root.text("target"));
  RWKV_TRY(read_target(root, manifest));
  RWKV_ASSIGN(const JsonFields embedding, root.object("embedding"));
  RWKV_TRY(read_embedding(embedding, manifest));
  RWKV_TRY(read_files(root, manifest));
  RWKV_ASSIGN(const std::vector<JsonFields> graphs, root.objects("graphs"));
  if (graphs.empty()) return root.fail("graphs", "at least one graph");
  for (const JsonFields& entry : graphs) {
    RWKV_ASSIGN(ManifestGraph graph, read_graph(entry, manifest.vocabulary));
    if (manifest.graph(graph.name) != nullptr) return entry.fail("name", "a name of its own");
    manifest.graphs.push_back(std::move(graph));
  }
  return manifest;
}

Result<Manifest> read_manifest(const std::string& folder) {
  const std::string path = join_path(folder, "model.json");
  if (!file_exists(path)) {
    return missing_error("artefact/missing", folder + " is not an artefact: it has no model.json",
                         "Pass the folder that `rwkvc build` wrote.");
  }
  RWKV_ASSIGN(const std::string text, read_file(path));
  return parse_manifest(text, path);
}

}  // namespace rwkv
