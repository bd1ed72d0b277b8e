#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "context_config.h"
#include "graph.h"

namespace qnn_host {

// A context binary of the host backend, little-endian:
//
//   header, 64 bytes   magic, format version, size of all, checksum, number of graphs
//   graphs             names, options, tensors, nodes, parameters, one after the other
//   static data        each at a multiple of 64 bytes; the same memory in two graphs is stored once
//
// Everything that a graph needs is in it, and nothing that depends on the processor: weights are
// packed again when it is loaded.

/// What the binary of some finalized graphs consists of, before it is written.
class ContextBinary {
 public:
  explicit ContextBinary(std::vector<std::shared_ptr<Graph>> graphs);

  uint64_t size() const { return size_; }
  /// `buffer` has size() bytes.
  void write(uint8_t* buffer) const;

 private:
  struct Piece {
    const uint8_t* data;
    uint64_t size, offset;  // offset from the beginning of the binary's data
  };
  uint64_t place(const Tensor& tensor);

  std::vector<std::shared_ptr<Graph>> graphs_;  // keeps the data alive
  std::vector<uint8_t> description_;
  std::vector<Piece> pieces_;
  std::map<std::pair<const uint8_t*, uint64_t>, uint64_t> known_;  // memory -> offset
  uint64_t data_size_ = 0;
  uint64_t size_ = 0;
};

/// Holds the header and the checksum of a binary against its bytes. An empty buffer is
/// QNN_CONTEXT_ERROR_INVALID_ARGUMENT, another version QNN_CONTEXT_ERROR_BINARY_VERSION; as the
/// vendor's libraries answer, a foreign binary is QNN_SYSTEM_CONTEXT_ERROR_INVALID_ARGUMENT and a
/// truncated or damaged one QNN_SYSTEM_CONTEXT_ERROR_MALFORMED_BINARY.
Fault check_binary(const void* bytes, uint64_t size);

/// Reads the graphs of a binary that check_binary accepts; every node is checked as if it was added
/// by a client, since a right checksum does not prove that this library wrote it. They are not
/// finalized yet. QNN_CONTEXT_ERROR_CREATE_FROM_BINARY, or as above.
Fault read_binary(const void* bytes, uint64_t size, const ContextOptions& options,
                  const std::shared_ptr<Log>& log, std::vector<std::shared_ptr<Graph>>* graphs);

}  // namespace qnn_host
