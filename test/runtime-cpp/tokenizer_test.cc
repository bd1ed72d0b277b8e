#include "tokenizer.h"

#include <gtest/gtest.h>

#include "utf8.h"

namespace rwkv {
namespace {

TEST(ByteTokenizer, TokensAreBytes) {
  const ByteTokenizer tokenizer(65536);
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  const std::vector<int32_t> tokens = tokenizer.encode(all).value();
  std::string back;
  for (size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(tokens[i], static_cast<int32_t>(i));
    back += tokenizer.decode(tokens[i]);
  }
  EXPECT_EQ(back, all);
  EXPECT_EQ(tokenizer.decode(256), "");
  EXPECT_EQ(tokenizer.decode(-1), "");
}

TEST(ByteTokenizer, NamesTheByteOutsideTheVocabulary) {
  const Result<std::vector<int32_t>> tokens = ByteTokenizer(128).encode("aé");
  ASSERT_FALSE(tokens.ok());
  EXPECT_NE(tokens.error().message.find("byte 195 at position 1"), std::string::npos);
}

std::string streamed(const std::string& text, size_t piece) {
  Utf8Stream stream;
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece) {
    const std::string part = stream.push(text.substr(at, piece));
    // What came out so far is whole: another stream passes it on unchanged and has nothing left.
    Utf8Stream check;
    EXPECT_EQ(check.push(part), part);
    EXPECT_EQ(check.finish(), "");
    out += part;
  }
  return out + stream.finish();
}

TEST(Utf8Stream, NeverCutsACharacter) {
  const std::string text = "aé€😀z\xED\x9F\xBF\xF4\x8F\xBF\xBF";
  for (size_t piece = 1; piece <= text.size(); ++piece)
    EXPECT_EQ(streamed(text, piece), text) << piece;
}

TEST(Utf8Stream, ReplacesWhatIsNoSequence) {
  const std::string r = "\xEF\xBF\xBD";
  for (size_t piece = 1; piece < 4; ++piece) {
    EXPECT_EQ(streamed("a\xFFz", piece), "a" + r + "z");
    EXPECT_EQ(streamed("\x80", piece), r);
    EXPECT_EQ(streamed("\xE2\x82z", piece), r + "z");               // cut short by z
    EXPECT_EQ(streamed("\xC0\xAF", piece), r + r);                  // overlong
    EXPECT_EQ(streamed("\xED\xA0\x80", piece), r + r + r);          // surrogate
    EXPECT_EQ(streamed("\xF4\x90\x80\x80", piece), r + r + r + r);  // above U+10FFFF
    EXPECT_EQ(streamed("a\xF0\x9F\x98", piece), "a" + r);           // cut short by the end
  }
}

}  // namespace
}  // namespace rwkv
