#include "tokenizer/python_literal.h"

#include "utf8.h"

namespace rwkv {
namespace {

Error literal_error(const std::string& problem) {
  return input_error("tokenizer/literal", problem);
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

/// One literal, from its prefix to its closing quote.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  Result<std::string> read() {
    RWKV_TRY(prefix());
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        RWKV_TRY(escape());
      } else {
        RWKV_TRY(plain());
      }
    }
    if (at_ == text_.size()) return literal_error("the literal has no closing quote");
    if (++at_ < text_.size()) return literal_error("more text after the literal's closing quote");
    return std::move(out_);
  }

 private:
  Status prefix() {
    bool unicode = false;
    for (; at_ < text_.size() && text_[at_] != '\'' && text_[at_] != '"'; ++at_) {
      const char letter = static_cast<char>(text_[at_] | 0x20);
      bool* const flag = letter == 'b'   ? &bytes_
                         : letter == 'r' ? &raw_
                         : letter == 'u' ? &unicode
                                         : nullptr;
      if (flag == nullptr || *flag) return no_literal();
      *flag = true;
    }
    if (at_ == text_.size() || (unicode && (bytes_ || raw_))) return no_literal();
    return Done{};
  }

  static Error no_literal() {
    return literal_error("expected a Python string or bytes literal, such as 'A' or b'\\x41'");
  }

  Status plain() {
    const Utf8Step step = utf8_step(text_.substr(at_));
    if (step.kind != Utf8Step::Kind::kValid) return literal_error("bytes that are not UTF-8");
    if (bytes_ && step.length > 1) {
      return literal_error("a bytes literal holds ASCII only; other bytes are written as \\xNN");
    }
    out_.append(text_.substr(at_, step.length));
    at_ += step.length;
    return Done{};
  }

  /// At a backslash.
  Status escape() {
    if (++at_ == text_.size()) return literal_error("the literal has no closing quote");
    const char c = text_[at_];
    if (raw_) {
      out_.push_back('\\');
      return plain();
    }
    static constexpr std::string_view kNames = "\\'\"abfnrtv";
    static constexpr std::string_view kValues = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t name = kNames.find(c); name != std::string_view::npos) {
      out_.push_back(kValues[name]);
      ++at_;
      return Done{};
    }
    if (c >= '0' && c <= '7') return octal();
    if (c == 'x') return hexadecimal(2);
    if (c == 'u' && !bytes_) return hexadecimal(4);
    if (c == 'U' && !bytes_) return hexadecimal(8);
    if (c == 'N' && !bytes_) {
      return literal_error("the escape \\N{...} is not supported: write the character itself");
    }
    // Python keeps an escape that it does not know, with its backslash.
    out_.push_back('\\');
    return plain();
  }

  Status octal() {
    uint32_t code = 0;
    for (int i = 0; i < 3 && at_ < text_.size() && digit_of(text_[at_]) < 8; ++i, ++at_) {
      code = code * 8 + static_cast<uint32_t>(digit_of(text_[at_]));
    }
    return put(bytes_ ? code & 0xFF : code);
  }

  Status hexadecimal(int digits) {
    const char letter = text_[at_++];
    uint32_t code = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const int digit = at_ < text_.size() ? digit_of(text_[at_]) : 16;
      if (digit > 15) {
        return literal_error(std::string("expected ") + std::to_string(digits) +
                             " hexadecimal digits after \\" + letter);
      }
      code = code * 16 + static_cast<uint32_t>(digit);
    }
    return put(code);
  }

  /// A code point, or a byte of a bytes literal.
  Status put(uint32_t code) {
    if (bytes_) {
      out_.push_back(static_cast<char>(code));
      return Done{};
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return literal_error("an escape for a surrogate, or above U+10FFFF: no UTF-8 text has it");
    }
    append_utf8(out_, code);
    return Done{};
  }

  std::string_view text_;
  size_t at_ = 0;
  bool bytes_ = false;
  bool raw_ = false;
  std::string out_;
};

}  // namespace

Result<std::string> parse_python_literal(std::string_view text) {
  return LiteralReader(text).read();
}

}  // namespace rwkv
