#pragma once

#include <cstdint>
#include <cstring>

namespace qnn_host {

/// An enumeration's value as a client wrote it. Numbers that the type cannot hold, which to read is
/// undefined behaviour in C++, become 0x7FFFFFFF: what the API's enumerations call UNDEFINED.
template <typename Enum>
Enum sane(const Enum& value) {
  static_assert(sizeof(Enum) == sizeof(uint32_t), "the API's enumerations have 32 bits");
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<Enum>(bits <= 0x7FFFFFFF ? bits : 0x7FFFFFFF);
}

}  // namespace qnn_host
