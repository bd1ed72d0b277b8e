#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result.h"

namespace rwkv {

/// A JSON value. Objects keep their members in the order of the text.
class Json {
 public:
  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };
  using Member = std::pair<std::string, Json>;

  Type type = Type::kNull;
  bool boolean = false;
  double number = 0;
  /// True when the text was an integer that fits int64; then `integer` is exact.
  bool is_integer = false;
  int64_t integer = 0;
  std::string string;
  std::vector<Json> array;
  std::vector<Member> object;

  /// Member of that name, or null when there is none or this is not an object.
  const Json* find(std::string_view name) const;
};

/// "a number", "an object", ...: for messages.
const char* json_type_name(Json::Type type);

/// Reads one document of RFC 8259, strictly: no comments, no trailing commas, no duplicate names,
/// valid UTF-8, at most 64 levels deep. `source` names the text in errors: `source:line:column:
/// what`.
Result<Json> parse_json(std::string_view text, const std::string& source);

/// Writes JSON with two-space indentation, member by member. Values are written where the document
/// stands; the caller opens and closes containers in pairs.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  /// NaN and infinity become null: JSON has no word for them.
  JsonWriter& value(double number);
  JsonWriter& value(int64_t number);
  JsonWriter& value(uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<int64_t>(number)); }
  JsonWriter& value(uint32_t number) { return value(static_cast<uint64_t>(number)); }
  JsonWriter& value(bool boolean);
  JsonWriter& null();

  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  /// The text so far, with a final newline.
  std::string text() const { return text_ + "\n"; }

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  void separate();

  std::string text_;
  int depth_ = 0;
  bool first_ = true;
  bool after_key_ = false;
};

/// `text` in double quotes with JSON's escapes. Bytes that are not UTF-8 become U+FFFD.
std::string quote_json(std::string_view text);

}  // namespace rwkv
