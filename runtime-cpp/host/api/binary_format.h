#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

// What the writer and the reader of context binaries agree on.

namespace qnn_host {

constexpr char kBinaryMagic[8] = {'R', 'W', 'K', 'V', 'Q', 'N', 'N', '\x1A'};
constexpr uint32_t kBinaryVersion = 2;
constexpr uint64_t kBinaryAlignment = 64;

struct BinaryHeader {
  char magic[8];
  uint32_t version;
  uint32_t graphs;
  uint64_t size;      // of the whole binary
  uint64_t checksum;  // of the whole binary, with 0 in this place
  uint64_t data;      // where static data begin
  uint8_t reserved[24];
};
static_assert(sizeof(BinaryHeader) == kBinaryAlignment, "the header is part of the format");

constexpr uint64_t align_up(uint64_t size) {
  return (size + kBinaryAlignment - 1) / kBinaryAlignment * kBinaryAlignment;
}

/// Appends numbers and texts.
class FieldWriter {
 public:
  explicit FieldWriter(std::vector<uint8_t>& bytes) : bytes_(bytes) {}

  template <typename T>
  void number(T value) {
    raw(&value, sizeof value);
  }
  template <typename T>
  void numbers(const std::vector<T>& values) {
    number(static_cast<uint32_t>(values.size()));
    raw(values.data(), values.size() * sizeof(T));
  }
  void text(const std::string& value) {
    number(static_cast<uint32_t>(value.size()));
    raw(value.data(), value.size());
  }

 private:
  void raw(const void* data, size_t size) {
    const auto* first = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }

  std::vector<uint8_t>& bytes_;
};

/// Reads what FieldWriter wrote. Past the end, and for lists longer than what is left, it gives
/// zeros and `ok()` turns false.
class FieldReader {
 public:
  FieldReader(const uint8_t* bytes, uint64_t size) : at_(bytes), left_(size) {}

  bool ok() const { return ok_; }

  template <typename T>
  T number() {
    T value{};
    if (const uint8_t* from = take(sizeof value)) std::memcpy(&value, from, sizeof value);
    return value;
  }
  template <typename T = uint32_t>
  std::vector<T> numbers() {
    const uint64_t count = number<uint32_t>();
    const uint8_t* from = take(count * sizeof(T));
    std::vector<T> values(from != nullptr ? count : 0);
    if (!values.empty()) std::memcpy(values.data(), from, count * sizeof(T));
    return values;
  }
  std::string text() {
    const uint64_t size = number<uint32_t>();
    const uint8_t* from = take(size);
    return from != nullptr ? std::string(reinterpret_cast<const char*>(from), size) : "";
  }

 private:
  const uint8_t* take(uint64_t size) {
    if (!ok_ || size > left_) {
      ok_ = false;
      return nullptr;
    }
    const uint8_t* from = at_;
    at_ += size;
    left_ -= size;
    return from;
  }

  const uint8_t* at_;
  uint64_t left_;
  bool ok_ = true;
};

}  // namespace qnn_host
