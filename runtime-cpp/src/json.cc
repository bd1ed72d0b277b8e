#include "json.h"

#include <cmath>
#include <cstdio>
#include <locale>
#include <sstream>
#include <unordered_set>

#include "utf8.h"

namespace rwkv {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kFewMembers = 32;

/// Recursive descent over one text. Errors are made where they are found and passed up.
class Parser {
 public:
  Parser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  Result<Json> document() {
    RWKV_ASSIGN(Json root, value(0));
    skip_space();
    if (at_ < text_.size()) return fail("more text after the end of the document");
    return root;
  }

 private:
  Error fail(const std::string& what) const {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at_ && i < text_.size(); ++i) {
      ++column;
      if (text_[i] == '\n') {
        ++line;
        column = 1;
      }
    }
    return input_error("json/malformed", source_ + ":" + std::to_string(line) + ":" +
                                             std::to_string(column) + ": " + what);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() &&
           (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
      ++at_;
  }

  bool take(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  Result<Json> value(int depth) {
    if (depth > kMaxDepth) return fail("nested deeper than 64 levels");
    skip_space();
    if (at_ >= text_.size()) return fail("the text ends where a value is expected");
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"': {
        Json json;
        json.type = Json::Type::kString;
        RWKV_ASSIGN(json.string, string());
        return json;
      }
      case 't':
        return word("true", Json::Type::kBool, true);
      case 'f':
        return word("false", Json::Type::kBool, false);
      case 'n':
        return word("null", Json::Type::kNull, false);
      default:
        return number();
    }
  }

  Result<Json> word(std::string_view expected, Json::Type type, bool boolean) {
    if (text_.substr(at_, expected.size()) != expected) return fail("expected a value");
    at_ += expected.size();
    Json json;
    json.type = type;
    json.boolean = boolean;
    return json;
  }

  Result<Json> object(int depth) {
    Json json;
    json.type = Json::Type::kObject;
    // Names that were seen, once there are too many to look through: vocabularies have 50,000.
    std::unordered_set<std::string> names;
    ++at_;
    skip_space();
    if (take('}')) return json;
    while (true) {
      skip_space();
      if (peek() != '"') return fail("expected a member name in double quotes");
      const size_t name_at = at_;
      RWKV_ASSIGN(std::string name, string());
      if (json.object.size() == kFewMembers) {
        for (const Json::Member& member : json.object) names.insert(member.first);
      }
      const bool few = json.object.size() < kFewMembers;
      if (few ? json.find(name) != nullptr : !names.insert(name).second) {
        at_ = name_at;
        return fail("the member \"" + name + "\" stands twice in one object");
      }
      skip_space();
      if (!take(':')) return fail("expected ':' after the member name");
      RWKV_ASSIGN(Json member, value(depth + 1));
      json.object.emplace_back(std::move(name), std::move(member));
      skip_space();
      if (take('}')) return json;
      if (!take(',')) return fail("expected ',' or '}'");
    }
  }

  Result<Json> array(int depth) {
    Json json;
    json.type = Json::Type::kArray;
    ++at_;
    skip_space();
    if (take(']')) return json;
    while (true) {
      RWKV_ASSIGN(Json element, value(depth + 1));
      json.array.push_back(std::move(element));
      skip_space();
      if (take(']')) return json;
      if (!take(',')) return fail("expected ',' or ']'");
    }
  }

  Result<uint32_t> hex4() {
    uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("expected four hexadecimal digits after \\u");
      code = code * 16 + static_cast<uint32_t>(digit);
    }
    return code;
  }

  Status escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return Done{};
      case 'b':
        out.push_back('\b');
        return Done{};
      case 'f':
        out.push_back('\f');
        return Done{};
      case 'n':
        out.push_back('\n');
        return Done{};
      case 'r':
        out.push_back('\r');
        return Done{};
      case 't':
        out.push_back('\t');
        return Done{};
      case 'u':
        break;
      default:
        --at_;
        return fail("unknown escape");
    }
    RWKV_ASSIGN(uint32_t code, hex4());
    if (code >= 0xD800 && code < 0xDC00) {
      if (!take('\\') || !take('u')) return fail("a high surrogate without its low one");
      RWKV_ASSIGN(const uint32_t low, hex4());
      if (low < 0xDC00 || low > 0xDFFF) return fail("a high surrogate without its low one");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return fail("a low surrogate without its high one");
    }
    append_utf8(out, code);
    return Done{};
  }

  Result<std::string> string() {
    std::string out;
    ++at_;
    while (at_ < text_.size()) {
      const unsigned char c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '\\') {
        ++at_;
        RWKV_TRY(escape(out));
        continue;
      }
      if (c < 0x20) return fail("a control character inside a string");
      const Utf8Step step = utf8_step(text_.substr(at_));
      if (step.kind != Utf8Step::Kind::kValid) return fail("bytes that are not UTF-8");
      out.append(text_.substr(at_, step.length));
      at_ += step.length;
    }
    return fail("the text ends inside a string");
  }

  bool digits() {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  Result<Json> number() {
    const size_t start = at_;
    take('-');
    const size_t first_digit = at_;
    if (!digits()) {
      at_ = start;
      return fail("expected a value");
    }
    if (text_[first_digit] == '0' && at_ > first_digit + 1) {
      at_ = start;
      return fail("a number with a leading zero");
    }
    bool integral = true;
    if (take('.')) {
      integral = false;
      if (!digits()) return fail("expected digits after the decimal point");
    }
    if (peek() == 'e' || peek() == 'E') {
      integral = false;
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return fail("expected digits in the exponent");
    }
    const std::string digits_text(text_.substr(start, at_ - start));
    Json json;
    json.type = Json::Type::kNumber;
    // 18 digits always fit an int64; no dimension or size needs more.
    if (integral && digits_text.size() <= 18) {
      json.is_integer = true;
      for (const char c : digits_text) {
        if (c != '-') json.integer = json.integer * 10 + (c - '0');
      }
      if (digits_text[0] == '-') json.integer = -json.integer;
      // Signed zero is one too.
      json.number = digits_text[0] == '-' ? -static_cast<double>(-json.integer)
                                          : static_cast<double>(json.integer);
      return json;
    }
    // The classic locale: an application's own locale must not change what a dot means.
    std::istringstream stream(digits_text);
    stream.imbue(std::locale::classic());
    stream >> json.number;
    if (!std::isfinite(json.number) || (stream.fail() && std::fabs(json.number) > 1)) {
      at_ = start;
      return fail("a number too large for a double");
    }
    return json;
  }

  std::string_view text_;
  const std::string& source_;
  size_t at_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view name) const {
  for (const Member& member : object) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

const char* json_type_name(Json::Type type) {
  switch (type) {
    case Json::Type::kNull:
      return "null";
    case Json::Type::kBool:
      return "a truth value";
    case Json::Type::kNumber:
      return "a number";
    case Json::Type::kString:
      return "a string";
    case Json::Type::kArray:
      return "an array";
    case Json::Type::kObject:
      return "an object";
  }
  return "nothing";
}

Result<Json> parse_json(std::string_view text, const std::string& source) {
  return Parser(text, source).document();
}

}  // namespace rwkv
