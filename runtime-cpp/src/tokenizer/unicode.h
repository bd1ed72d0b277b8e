#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

/// What the pre-tokenizers' patterns tell apart: \p{L}, \p{N}, \s and the rest.
enum class CharacterClass { kLetter, kNumber, kSpace, kOther };
CharacterClass character_class(uint32_t code);

/// Normalization form C (UAX 15) of Unicode 9, as vocabularies were made with. Bytes that are not
/// UTF-8 stay as they are.
std::string to_nfc(std::string_view text);

/// Each character's own small letter, without regard to its neighbours (a final sigma is a plain
/// one). Bytes that are not UTF-8 stay as they are.
std::string to_lowercase(std::string_view text);

}  // namespace rwkv
