#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

/// Byte-level vocabularies write each byte as one printable character: most of Latin-1 as itself,
/// the other bytes from U+0100 on. This is the character of a byte, in UTF-8.
const std::string& byte_level_character(unsigned char byte);

/// The bytes of a token that is written so; a token with any other character stands for itself.
std::string byte_level_bytes(std::string_view token);

/// Splits a text as GPT-2 does, by the pattern
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// The pieces together are the text. A byte that is not UTF-8 counts as a character of the third
/// kind.
std::vector<std::string_view> split_byte_level(std::string_view text);

}  // namespace rwkv
