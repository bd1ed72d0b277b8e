#include "tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "sha256.h"
#include "tiny_artefact.h"
#include "tokenizer/abc_tokenizer.h"
#include "tokenizer/byte_tokenizer.h"
#include "tokenizer/open_tokenizer.h"

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

TEST(AbcTokenizer, IdsAreCodePoints) {
  const AbcTokenizer tokenizer(128);
  const std::string tune = "S:2\nL:1/8\nK:D\n Bc |\"G\" d2 cB |";
  const std::vector<int32_t> tokens = encode_from_start(tokenizer, tune).value();
  ASSERT_EQ(tokens.size(), tune.size() + 1);
  EXPECT_EQ(tokens[0], 2);
  EXPECT_EQ(tokens[1], 'S');
  std::string back;
  for (const int32_t token : tokens) back += tokenizer.decode(token);
  EXPECT_EQ(back, tune);
  for (const int32_t silent : {-1, 0, 1, 2, 3, 128}) EXPECT_EQ(tokenizer.decode(silent), "");
  EXPECT_EQ(tokenizer.end_of_text(), 3);
  // A text that has its beginning is not given another.
  EXPECT_EQ(encode_from_start(tokenizer, "\x02X").value(), (std::vector<int32_t>{2, 'X'}));
}

TEST(AbcTokenizer, CharactersBeyondAscii) {
  const AbcTokenizer wide(0x20000);
  EXPECT_EQ(wide.encode("é€😀").value(), (std::vector<int32_t>{0xE9, 0x20AC, 0x1F600}));
  EXPECT_EQ(wide.decode(0x1F600), "😀");
  EXPECT_EQ(wide.decode(0xD800), "");
  const auto outside = AbcTokenizer(128).encode("Ré");
  ASSERT_FALSE(outside.ok());
  EXPECT_NE(outside.error().message.find("\"é\" at position 1"), std::string::npos);
  const auto broken = wide.encode("A\xFF");
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.error().message.find("position 1 "), std::string::npos);
}

struct OpenTokenizer : ::testing::Test {
  std::string code_of(const std::string& name) {
    const Result<OpenedTokenizer> opened = open_tokenizer(name, 300);
    return opened.ok() ? opened.value().kind : opened.error().code;
  }
  tiny::TempFolder folder;
};

TEST_F(OpenTokenizer, ByNameOrByFile) {
  tiny::write_text(folder.path("v"), "7 'a' 1\n");
  EXPECT_EQ(code_of("bytes"), "bytes");
  EXPECT_EQ(code_of("abc"), "abc");
  EXPECT_EQ(code_of(folder.path("v")), "world");
  tiny::write_text(folder.path("t"), R"({"pre_tokenizer": {"type": "WhitespaceSplit"},
    "model": {"type": "WordLevel", "vocab": {"a": 7}}})");
  EXPECT_EQ(code_of(folder.path("t")), "huggingface");
  EXPECT_EQ(code_of(folder.path("missing")), "file/missing");
  EXPECT_EQ(code_of(folder.path()), "file/not-a-file");
}

TEST_F(OpenTokenizer, AHugeFileIsNotRead) {
  tiny::write_text(folder.path("v"), "7 'a' 1\n");
  std::filesystem::resize_file(folder.path("v"), uint64_t{1} << 40);  // sparse
  EXPECT_EQ(code_of(folder.path("v")), "tokenizer/too-large");
}

TEST_F(OpenTokenizer, TheArtefactsOwnIsCheckedByItsHash) {
  const std::string vocabulary = "7 'a' 1\n";
  tiny::write_text(folder.path("v"), vocabulary);
  Manifest manifest;
  manifest.vocabulary = 300;
  const auto code = [&] {
    const auto opened = open_tokenizer(folder.path(), manifest);
    return opened.ok() ? "" : opened.error().code;
  };
  EXPECT_EQ(code(), "tokenizer/none");
  manifest.tokenizer = {"world", "v"};
  manifest.files["v"] = {vocabulary.size(), sha256(vocabulary.data(), vocabulary.size())};
  EXPECT_EQ(code(), "");
  tiny::write_text(folder.path("v"), "7 'b' 1\n");
  EXPECT_EQ(code(), "artefact/hash-mismatch");
  manifest.tokenizer = {"syllables", ""};
  EXPECT_EQ(code(), "tokenizer/unknown");
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
