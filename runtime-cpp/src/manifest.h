#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "result.h"

namespace rwkv {

/// Element types that cross a graph's boundary.
enum class Dtype { kFloat16, kFloat32, kInt32, kUint16 };

const char* dtype_name(Dtype dtype);
size_t dtype_size(Dtype dtype);

/// Reading side of `compiler/emit/manifest.ts`, which has the meaning of every field.
struct ManifestTensor {
  enum class Role { kToken, kEmbedding, kLogits };
  std::string name;
  Role role = Role::kToken;
  Dtype dtype = Dtype::kFloat32;
  std::vector<uint64_t> shape;

  uint64_t elements() const;
};

struct ManifestStateSlice {
  std::string name;
  std::vector<uint64_t> shape;
  uint64_t offset = 0;
  std::vector<uint64_t> strides;
  double scale = 1;
  double initial = 0;
  /// Place among all slices of the model, in the order of the spec.
  uint64_t order = 0;

  uint64_t elements() const;
};

struct ManifestState {
  std::string input;
  std::string output;
  Dtype dtype = Dtype::kFloat32;
  std::vector<uint64_t> shape;
  std::vector<ManifestStateSlice> slices;

  uint64_t elements() const;
};

/// A slice and the state tensor that it lies in.
struct SliceOfState {
  size_t state = 0;
  const ManifestStateSlice* slice = nullptr;
};
/// All slices in the order of the spec; they point into `states`.
std::vector<SliceOfState> slices_in_order(const std::vector<ManifestState>& states);

struct ManifestGraph {
  enum class Kind { kDecode, kPrefill };
  std::string name;
  Kind kind = Kind::kDecode;
  uint64_t tokens = 1;
  std::vector<ManifestTensor> inputs;
  std::vector<ManifestTensor> outputs;
  std::vector<ManifestState> states;

  /// Input (output) of that role, or null.
  const ManifestTensor* input(ManifestTensor::Role role) const;
  const ManifestTensor* output(ManifestTensor::Role role) const;
};

struct ManifestHtp {
  std::string soc;
  uint32_t soc_model = 0;
  uint32_t arch = 0;
  uint32_t vtcm_mb = 0;
};

struct ManifestEmbedding {
  bool on_host = false;
  /// The rest only when `on_host`: raw rows [vocabulary, width].
  std::string file;
  Dtype dtype = Dtype::kFloat32;
  uint64_t rows = 0;
  uint64_t width = 0;
};

/// How text becomes tokens; `kind` is empty when the artefact does not say.
struct ManifestTokenizer {
  std::string kind;
  /// The vocabulary, for the kinds that have one.
  std::string file;
};

struct ManifestFile {
  uint64_t bytes = 0;
  std::string sha256;
};

struct Manifest {
  std::string name;
  std::string spec_name;
  uint64_t vocabulary = 0;
  std::string precision;
  std::string target;
  bool has_htp = false;
  ManifestHtp htp;
  ManifestTokenizer tokenizer;
  ManifestEmbedding embedding;
  /// Static tensors' file, empty when they are inside the library.
  std::string weights;
  /// Path of the model library by triple.
  std::map<std::string, std::string> libraries;
  std::vector<ManifestGraph> graphs;
  /// By path.
  std::map<std::string, ManifestFile> files;
  /// sha256 of model.json itself: context binaries name the model they were made from by it.
  std::string sha256;

  const ManifestGraph* graph(ManifestGraph::Kind kind) const;
  const ManifestGraph* graph(const std::string& graph_name) const;
  std::string graph_names() const;
};

/// Reads and checks a manifest; `source` names it in messages. Everything that the runtime indexes
/// with is checked here once: slices lie inside their tensors, shapes do not overflow, paths stay
/// inside the artefact.
Result<Manifest> parse_manifest(const std::string& text, const std::string& source);

/// Reads `folder`/model.json.
Result<Manifest> read_manifest(const std::string& folder);

}  // namespace rwkv
