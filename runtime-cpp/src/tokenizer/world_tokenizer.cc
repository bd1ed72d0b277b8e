#include "tokenizer/world_tokenizer.h"

#include <algorithm>

#include "json.h"
#include "tokenizer/python_literal.h"

namespace rwkv {
namespace {

/// Codes of a fault in a vocabulary's line; `parse` puts the place before the message.
Error line_error(const std::string& problem) {
  return input_error("tokenizer/vocabulary", problem);
}

std::string excerpt(std::string_view text) {
  return quote_json(text.substr(0, 40));
}

/// Digits only, below 2^31; -1 for anything else.
int64_t read_number(std::string_view text) {
  if (text.empty() || text.size() > 10) return -1;
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value <= INT32_MAX ? value : -1;
}

Error at_line(Error error, const std::string& source, uint32_t line) {
  error.message = source + ":" + std::to_string(line) + ": " + error.message;
  return error;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> WorldTokenizer::parse(std::string_view text,
                                                         const std::string& source,
                                                         uint64_t vocabulary) {
  std::unique_ptr<WorldTokenizer> tokenizer(new WorldTokenizer);
  tokenizer->bytes_.reserve(text.size() / 2);
  uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    Status read = tokenizer->read_line(line, number, vocabulary);
    if (!read.ok()) return at_line(std::move(read.error()), source, number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (tokenizer->tokens_.empty()) {
    return input_error("tokenizer/vocabulary", source + " is empty: it has no token");
  }
  Status indexed = tokenizer->index();
  if (!indexed.ok()) {
    indexed.error().message = source + ":" + indexed.error().message;
    return std::move(indexed.error());
  }
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

Status WorldTokenizer::read_line(std::string_view line, uint32_t number, uint64_t vocabulary) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) {
    return line_error("expected ID LITERAL LENGTH, such as 66 'A' 1; found " + excerpt(line));
  }
  const int64_t id = read_number(line.substr(0, first));
  if (id < 0) {
    return line_error("expected an id, an integer from 0; found " + excerpt(line.substr(0, first)));
  }
  if (static_cast<uint64_t>(id) >= vocabulary) {
    Error error =
        line_error("id " + std::to_string(id) + " is not among the model's " +
                   std::to_string(vocabulary) + " ids, 0 to " + std::to_string(vocabulary - 1));
    error.code = "tokenizer/outside-vocabulary";
    error.hint = "This vocabulary is of another model.";
    return error;
  }
  RWKV_ASSIGN(const std::string bytes,
              parse_python_literal(line.substr(first + 1, last - first - 1)));
  const std::string_view length = line.substr(last + 1);
  if (read_number(length) != static_cast<int64_t>(bytes.size())) {
    return line_error("the token has " + std::to_string(bytes.size()) + " bytes, the line says " +
                      excerpt(length));
  }
  if (bytes.empty()) return line_error("the token is empty");
  tokens_.push_back({static_cast<int32_t>(id), number, static_cast<uint32_t>(bytes_.size()),
                     static_cast<uint32_t>(bytes.size())});
  bytes_ += bytes;
  return Done{};
}

Status WorldTokenizer::index() {
  // Lines break ties, so that what stands twice is told in the order of the file.
  const auto twice = [](const Token& a, const Token& b, const std::string& what) {
    return line_error(std::to_string(b.line) + ": " + what + " of line " + std::to_string(a.line) +
                      " again");
  };
  std::sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) {
    return a.id != b.id ? a.id < b.id : a.line < b.line;
  });
  for (size_t i = 1; i < tokens_.size(); ++i) {
    if (tokens_[i - 1].id == tokens_[i].id) {
      return twice(tokens_[i - 1], tokens_[i], "id " + std::to_string(tokens_[i].id));
    }
  }
  std::vector<VocabularyEntry> entries;
  entries.reserve(tokens_.size());
  for (const Token& token : tokens_) entries.push_back({bytes_of(token), token.id});
  std::sort(entries.begin(), entries.end(),
            [](const VocabularyEntry& a, const VocabularyEntry& b) { return a.bytes < b.bytes; });
  for (size_t i = 1; i < entries.size(); ++i) {
    if (entries[i - 1].bytes != entries[i].bytes) continue;
    const auto of = [this](int32_t id) {
      return *std::lower_bound(
          tokens_.begin(), tokens_.end(), id,
          [](const Token& token, int32_t wanted) { return token.id < wanted; });
    };
    Token a = of(entries[i - 1].token), b = of(entries[i].token);
    if (a.line > b.line) std::swap(a, b);
    return twice(a, b, "the token");
  }
  trie_ = VocabularyTrie(entries);
  return Done{};
}

Result<std::vector<int32_t>> WorldTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> tokens;
  tokens.reserve(text.size() / 3);
  for (size_t at = 0; at < text.size();) {
    const VocabularyTrie::Match match = trie_.longest(text.substr(at));
    if (match.length == 0) {
      return input_error("tokenizer/no-token",
                         "no token of the vocabulary begins with byte " +
                             std::to_string(static_cast<unsigned char>(text[at])) +
                             ", which stands at position " + std::to_string(at) + " of the text");
    }
    tokens.push_back(match.token);
    at += match.length;
  }
  return tokens;
}

std::string WorldTokenizer::decode(int32_t token) const {
  const auto found =
      std::lower_bound(tokens_.begin(), tokens_.end(), token,
                       [](const Token& candidate, int32_t id) { return candidate.id < id; });
  if (found == tokens_.end() || found->id != token) return "";
  return std::string(bytes_of(*found));
}

}  // namespace rwkv
