#include "tokenizer/byte_level.h"

#include <array>

#include "tokenizer/unicode.h"
#include "utf8.h"

namespace rwkv {
namespace {

bool is_printable_latin(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
}

/// The byte of each character below U+0144, or -1.
struct ByteLevelAlphabet {
  std::array<std::string, 256> characters;
  std::array<int16_t, 0x144> bytes;

  ByteLevelAlphabet() {
    bytes.fill(-1);
    uint32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const uint32_t code = is_printable_latin(byte) ? byte : next++;
      append_utf8(characters[byte], code);
      bytes[code] = static_cast<int16_t>(byte);
    }
  }
};

const ByteLevelAlphabet& alphabet() {
  static const auto* const table = new ByteLevelAlphabet;
  return *table;
}

struct SplitCharacter {
  CharacterClass kind;
  size_t length;
};

/// The character at the beginning of `text`, which is not empty.
SplitCharacter next_character(std::string_view text) {
  const Utf8Step step = utf8_step(text);
  if (step.kind != Utf8Step::Kind::kValid) return {CharacterClass::kOther, step.length};
  return {character_class(utf8_code(text.substr(0, step.length))), step.length};
}

/// Bytes of the characters of `kind` that `text` begins with.
size_t run_length(std::string_view text, CharacterClass kind) {
  size_t length = 0;
  while (length < text.size()) {
    const SplitCharacter character = next_character(text.substr(length));
    if (character.kind != kind) break;
    length += character.length;
  }
  return length;
}

size_t contraction_length(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.substr(0, ending.size()) == ending) return ending.size();
  }
  return 0;
}

/// Spaces: all of them at the end of the text; else all but the last, which may begin a word; a
/// single one is a piece.
size_t space_length(std::string_view text) {
  size_t length = 0, last = 0;
  while (length < text.size()) {
    const SplitCharacter character = next_character(text.substr(length));
    if (character.kind != CharacterClass::kSpace) return length == last ? last : length - last;
    last = character.length;
    length += last;
  }
  return length;
}

/// The length of the first piece of `text`, which is not empty.
size_t piece_length(std::string_view text) {
  const size_t contraction = text[0] == '\'' ? contraction_length(text) : 0;
  if (contraction > 0) return contraction;
  const size_t blank = text[0] == ' ' && text.size() > 1 ? 1 : 0;
  const CharacterClass kind = next_character(text.substr(blank)).kind;
  if (kind == CharacterClass::kSpace) return space_length(text);
  return blank + run_length(text.substr(blank), kind);
}

}  // namespace

const std::string& byte_level_character(unsigned char byte) {
  return alphabet().characters[byte];
}

std::string byte_level_bytes(std::string_view token) {
  std::string bytes;
  for (std::string_view rest = token; !rest.empty();) {
    const Utf8Step step = utf8_step(rest);
    if (step.kind != Utf8Step::Kind::kValid) return std::string(token);
    const uint32_t code = utf8_code(rest.substr(0, step.length));
    if (code >= alphabet().bytes.size() || alphabet().bytes[code] < 0) return std::string(token);
    bytes.push_back(static_cast<char>(alphabet().bytes[code]));
    rest.remove_prefix(step.length);
  }
  return bytes;
}

std::vector<std::string_view> split_byte_level(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const size_t length = piece_length(text);
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

}  // namespace rwkv
