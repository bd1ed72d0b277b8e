#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

/// What stands at the beginning of `text`, which is not empty.
struct Utf8Step {
  enum class Kind { kValid, kInvalid, kIncomplete };
  Kind kind;
  /// Bytes of the sequence; for kInvalid, those that can be no part of a valid one; for
  /// kIncomplete, all that is left.
  size_t length;
};

/// Decodes one step by the Unicode standard's table 3-7: no surrogates, no overlong forms, nothing
/// above U+10FFFF.
Utf8Step utf8_step(std::string_view text);

/// The code point of one whole sequence, as utf8_step found it valid.
uint32_t utf8_code(std::string_view sequence);

/// Appends code point `code` to `text`; it must be a scalar value.
void append_utf8(std::string& text, uint32_t code);

/// Passes a stream of bytes on in whole UTF-8 sequences, so that a reader never sees half a
/// character. Bytes that can belong to no sequence become U+FFFD.
class Utf8Stream {
 public:
  /// The text that `bytes` completes.
  std::string push(std::string_view bytes);
  /// What is left at the end: U+FFFD for a sequence cut short, otherwise nothing.
  std::string finish();

 private:
  std::string pending_;
};

}  // namespace rwkv
