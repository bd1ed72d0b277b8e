#include "tokenizer/world_tokenizer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "growth.h"
#include "tokenizer/python_literal.h"

namespace rwkv {
namespace {

using Ids = std::vector<int32_t>;

std::string literal(const std::string& text) {
  Result<std::string> bytes = parse_python_literal(text);
  return bytes.ok() ? bytes.value() : "error: " + bytes.error().message;
}

TEST(PythonLiteral, EveryForm) {
  EXPECT_EQ(literal("'A'"), "A");
  EXPECT_EQ(literal("\"it's\""), "it's");
  EXPECT_EQ(literal("'say \"x\"'"), "say \"x\"");
  EXPECT_EQ(literal(R"('\'\"\\')"), "'\"\\");
  EXPECT_EQ(literal(R"('\a\b\f\n\r\t\v')"), "\a\b\f\n\r\t\v");
  EXPECT_EQ(literal(R"('\x41\xe9')"), "Aé");
  EXPECT_EQ(literal(R"(b'\x41\xe9')"), "A\xE9");
  EXPECT_EQ(literal(R"('\u20ac\U0001F600')"), "€😀");
  EXPECT_EQ(literal(R"(b'\u20ac\N{x}')"), "\\u20ac\\N{x}");  // no escapes in bytes
  EXPECT_EQ(literal(R"('\101\7\0\1234')"), std::string("A\a\0S4", 5));
  EXPECT_EQ(literal(R"('\777')"), "ǿ");
  EXPECT_EQ(literal(R"(b'\777')"), "\xFF");
  EXPECT_EQ(literal(R"('\d\8')"), "\\d\\8");  // unknown: kept
  EXPECT_EQ(literal(R"(r'\n\'')"), "\\n\\'");
  EXPECT_EQ(literal(R"(Rb'\x41')"), "\\x41");
  EXPECT_EQ(literal("u'é'"), "é");
  EXPECT_EQ(literal("''"), "");
}

TEST(PythonLiteral, WhatIsNone) {
  for (const char* text : {"", "A", "b", "bb''", "ub''", "f''", "(1)"}) {
    EXPECT_NE(literal(text).find("expected a Python string"), std::string::npos) << text;
  }
  for (const char* text : {"'", "'a", R"('\')", R"('\)", "\"a'"}) {
    EXPECT_NE(literal(text).find("no closing quote"), std::string::npos) << text;
  }
  EXPECT_NE(literal("'a''b'").find("after the literal's closing quote"), std::string::npos);
  EXPECT_NE(literal("b'é'").find("ASCII only"), std::string::npos);
  EXPECT_NE(literal("'\xFF'").find("not UTF-8"), std::string::npos);
  for (const char* text : {R"('\x4')", R"('\xg1')", R"(b'\x')", R"('\u12')", R"('\U0001F60')"}) {
    EXPECT_NE(literal(text).find("hexadecimal digits"), std::string::npos) << text;
  }
  for (const char* text : {R"('\ud800')", R"('\U00110000')"}) {
    EXPECT_NE(literal(text).find("surrogate"), std::string::npos) << text;
  }
  EXPECT_NE(literal(R"('\N{BULLET}')").find("\\N{...}"), std::string::npos);
}

/// All bytes in the `b_` form, then some longer tokens in the published one; ids with a gap.
std::string small_vocabulary() {
  std::string text;
  const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 256; ++i) {
    text += std::to_string(i + 1) + " b'\\x" + digits[i / 16] + digits[i % 16] + "' 1\n";
  }
  return text +
         "257 '\\n\\n' 2\n"
         "258 \" '\" 2\n"
         "259 'the' 3\n"
         "260 ' the' 4\n"
         "262 'é' 2\n"
         "263 b'\\xe2\\x82' 2\n"
         "264 'there' 5\n";
}

Result<std::unique_ptr<Tokenizer>> parse(const std::string& text, uint64_t vocabulary = 300) {
  return WorldTokenizer::parse(text, "vocab.txt", vocabulary);
}

TEST(WorldTokenizer, TakesTheLongestTokenAtEachPlace) {
  const auto tokenizer = std::move(parse(small_vocabulary())).value();
  EXPECT_EQ(tokenizer->size(), 263u);
  EXPECT_EQ(tokenizer->encode("the there").value(), (Ids{259, 260, 'r' + 1, 'e' + 1}));
  EXPECT_EQ(tokenizer->encode("there").value(), (Ids{264}));
  EXPECT_EQ(tokenizer->encode("ther").value(), (Ids{259, 'r' + 1}));
  EXPECT_EQ(tokenizer->encode("\n\n\n").value(), (Ids{257, '\n' + 1}));
  EXPECT_EQ(tokenizer->encode("€").value(), (Ids{263, 0xAC + 1}));
  EXPECT_EQ(tokenizer->encode("").value(), Ids{});
  EXPECT_EQ(tokenizer->decode(263), "\xE2\x82");
  for (const int32_t none : {-1, 0, 261, 265, 299}) EXPECT_EQ(tokenizer->decode(none), "");
  EXPECT_EQ(tokenizer->end_of_text(), 0);
}

TEST(WorldTokenizer, LinesMayEndAsOnWindows) {
  EXPECT_EQ(std::move(parse("1 'a' 1\r\n2 'b' 1")).value()->encode("ab").value(), (Ids{1, 2}));
}

TEST(WorldTokenizer, StreamsWholeCharacters) {
  const auto tokenizer = std::move(parse(small_vocabulary())).value();
  TokenStream stream(*tokenizer, true);
  EXPECT_EQ(stream.push(263), "");
  EXPECT_EQ(stream.push(0xAC + 1), "€");
  EXPECT_EQ(stream.push(263), "");
  EXPECT_EQ(stream.push(259), "\uFFFDthe");
  EXPECT_EQ(stream.push(0xF0 + 1), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
}

/// The definition: of all tokens that the rest begins with, the longest.
Ids naive(const std::map<std::string, int32_t>& tokens, const std::string& text) {
  Ids ids;
  for (size_t at = 0; at < text.size();) {
    size_t best = 0;
    for (const auto& [bytes, id] : tokens) {
      if (bytes.size() > best && text.compare(at, bytes.size(), bytes) == 0) {
        best = bytes.size();
      }
    }
    if (best == 0) return {};
    ids.push_back(tokens.at(text.substr(at, best)));
    at += best;
  }
  return ids;
}

std::string as_literal(const std::string& bytes) {
  std::string text = "b'";
  for (const unsigned char byte : bytes) {
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x", byte);
    text += escape;
  }
  return text + "'";
}

TEST(WorldTokenizer, AgreesWithTheDefinitionAndRoundTrips) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    // Few letters make many tokens that begin alike; 0x00 and 0xFF are where signs and ends go
    // wrong.
    const std::string letters("\0a\xFF\x80z", 2 + round % 4);
    std::map<std::string, int32_t> tokens;
    std::string vocabulary;
    for (int i = 0; i < 60; ++i) {
      // Each letter, so that every text has tokens, and then longer ones.
      std::string bytes(1, letters[static_cast<size_t>(i) % letters.size()]);
      if (static_cast<size_t>(i) >= letters.size()) {
        for (size_t more = random() % 9; more > 0; --more) {
          bytes += letters[random() % letters.size()];
        }
      }
      const int32_t id = 1 + 3 * i;
      if (!tokens.emplace(bytes, id).second) continue;
      vocabulary +=
          std::to_string(id) + " " + as_literal(bytes) + " " + std::to_string(bytes.size()) + "\n";
    }
    const auto tokenizer = std::move(parse(vocabulary)).value();
    for (int texts = 0; texts < 20; ++texts) {
      std::string text;
      for (size_t i = random() % 60; i > 0; --i) text += letters[random() % letters.size()];
      const Ids ids = tokenizer->encode(text).value();
      ASSERT_EQ(ids, naive(tokens, text)) << as_literal(text) << "\n" << vocabulary;
      std::string back;
      for (const int32_t id : ids) back += tokenizer->decode(id);
      ASSERT_EQ(back, text);
    }
  }
}

TEST(WorldTokenizer, NamesTheByteWithoutAToken) {
  const auto tokenizer = std::move(parse("1 'a' 1\n2 'abc' 3\n")).value();
  const auto ids = tokenizer->encode("aab");
  ASSERT_FALSE(ids.ok());
  EXPECT_EQ(ids.error().code, "tokenizer/no-token");
  EXPECT_NE(ids.error().message.find("byte 98, which stands at position 2"), std::string::npos);
}

TEST(WorldTokenizer, FaultsAreNamedByFileAndLine) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"", "vocab.txt is empty"},
      {"1 'a' 1\n\n", "vocab.txt:2: expected ID LITERAL LENGTH, such as 66 'A' 1; found \"\""},
      {"1 'a'\n", "vocab.txt:1: expected ID LITERAL LENGTH"},
      {"1\t'a'\t1\n", "vocab.txt:1: expected ID LITERAL LENGTH"},
      {"x 'a' 1\n", "vocab.txt:1: expected an id, an integer from 0; found \"x\""},
      {"-1 'a' 1\n", "vocab.txt:1: expected an id"},
      {"4294967297 'a' 1\n", "vocab.txt:1: expected an id"},
      {"1 'a' 1\n300 'b' 1\n", "vocab.txt:2: id 300 is not among the model's 300 ids, 0 to 299"},
      {"1 'a' 2\n", "vocab.txt:1: the token has 1 bytes, the line says \"2\""},
      {"1 '\xC3\xA9' 1\n", "vocab.txt:1: the token has 2 bytes, the line says \"1\""},
      {"1 'a' x\n", "vocab.txt:1: the token has 1 bytes, the line says \"x\""},
      {"1 '' 0\n", "vocab.txt:1: the token is empty"},
      {"1 a 1\n", "vocab.txt:1: expected a Python string or bytes literal"},
      {"1 'a' 1\n2 'b' 1\n1 'c' 1\n", "vocab.txt:3: id 1 of line 1 again"},
      {"9 'a' 1\n2 'b' 1\n1 b'\\x61' 1\n", "vocab.txt:3: the token of line 1 again"},
      {"1 '\xFF' 1\n", "vocab.txt:1: bytes that are not UTF-8"},
      {"PK\x03\x04\xFF\xFE binary", "vocab.txt:1: expected ID LITERAL LENGTH"},
  };
  for (const Case& each : cases) {
    const auto tokenizer = parse(each.text);
    ASSERT_FALSE(tokenizer.ok()) << each.text;
    EXPECT_EQ(tokenizer.error().message.substr(0, std::string(each.message).size()), each.message);
  }
  EXPECT_EQ(parse("300 'b' 1\n").error().code, "tokenizer/outside-vocabulary");
}

TEST(WorldTokenizer, TimeGrowsAsTheVocabulary) {
  const auto open = [](size_t count) {
    std::string lines;
    for (size_t i = 1; i <= count; ++i) {
      const std::string number = std::to_string(i);
      lines += number + " '" + number + "' " + std::to_string(number.size()) + "\n";
    }
    const auto tokenizer = std::move(parse(lines, count + 1)).value();
    const auto last = static_cast<int32_t>(count);
    EXPECT_EQ(tokenizer->encode(std::to_string(count) + std::to_string(count - 1)).value(),
              (Ids{last, last - 1}));
  };
  EXPECT_LT(tiny::tenfold_growth(20000, open), tiny::kFast);
}

TEST(WorldTokenizer, JunkIsRefused) {
  std::string junk;
  std::mt19937 random(3);
  for (int i = 0; i < 5000; ++i) {
    junk.assign(random() % 100, '\0');
    for (char& c : junk) c = static_cast<char>(random());
    EXPECT_FALSE(parse("1 'a' 1\n" + junk + " ").ok());
    // Near misses of a line: one byte changed.
    std::string line = "12 b'\\x41\\'' 2\n";
    line[random() % line.size()] = static_cast<char>(random());
    parse(line).ok();
  }
}

}  // namespace
}  // namespace rwkv
