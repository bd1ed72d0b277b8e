#include "tokenizer/huggingface_tokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "growth.h"
#include "json.h"
#include "tiny_artefact.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"

namespace rwkv {
namespace {

using Ids = std::vector<int32_t>;
using Strings = std::vector<std::string>;

Strings split(const std::string& text) {
  const auto pieces = split_byte_level(text);
  return Strings(pieces.begin(), pieces.end());
}

TEST(SplitByteLevel, AsGpt2sPatternDoes) {
  EXPECT_EQ(split("don't DON'T we'll"), (Strings{"don", "'t", " DON", "'", "T", " we", "'ll"}));
  EXPECT_EQ(split("''s'sé"), (Strings{"''", "s", "'s", "é"}));
  EXPECT_EQ(split("ab 12c3 !?x"), (Strings{"ab", " 12", "c", "3", " !?", "x"}));
  EXPECT_EQ(split("a  b"), (Strings{"a", " ", " b"}));
  EXPECT_EQ(split("a\n b"), (Strings{"a", "\n", " b"}));
  EXPECT_EQ(split("a \nb"), (Strings{"a", " ", "\n", "b"}));
  EXPECT_EQ(split("a  \n"), (Strings{"a", "  \n"}));
  EXPECT_EQ(split(" "), (Strings{" "}));
  // Only U+0020 joins a word; the last of other spaces stands alone.
  EXPECT_EQ(split("\u3000\u3000b"), (Strings{"\u3000", "\u3000", "b"}));
  EXPECT_EQ(split("x \u2028y"), (Strings{"x", " ", "\u2028", "y"}));
  // Letters and numbers of all scripts; a combining mark is neither.
  EXPECT_EQ(split("Ωж한字٣Ⅷ½"), (Strings{"Ωж한字", "٣Ⅷ½"}));
  EXPECT_EQ(split("e\u0301x"), (Strings{"e", "\u0301", "x"}));
  EXPECT_EQ(split("a\xFF\xE2\x82 b"), (Strings{"a", "\xFF\xE2\x82", " b"}));
  EXPECT_EQ(split(""), Strings{});
}

TEST(ByteLevel, EachByteHasItsCharacter) {
  std::string all, written;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
    written += byte_level_character(static_cast<unsigned char>(byte));
  }
  EXPECT_EQ(byte_level_bytes(written), all);
  EXPECT_EQ(byte_level_character(' '), "Ġ");
  EXPECT_EQ(byte_level_character('\n'), "Ċ");
  EXPECT_EQ(byte_level_character('A'), "A");
  EXPECT_EQ(byte_level_character(0xAD), "Ń");
  // A token with characters of no byte, as added tokens have, stands for itself.
  EXPECT_EQ(byte_level_bytes("  "), "  ");
  EXPECT_EQ(byte_level_bytes("Ġ字"), "Ġ字");
}

TEST(Unicode, NormalizationFormC) {
  EXPECT_EQ(to_nfc("plain"), "plain");
  EXPECT_EQ(to_nfc("e\u0301"), "é");
  EXPECT_EQ(to_nfc("s\u0307\u0323"), "ṩ");        // marks into order
  EXPECT_EQ(to_nfc("A\u0328\u0301"), "Ą́");        // the second has no composition
  EXPECT_EQ(to_nfc("\u212B\u2126"), "ÅΩ");        // singletons
  EXPECT_EQ(to_nfc("\u0958"), "\u0915\u093C");    // excluded from composition
  EXPECT_EQ(to_nfc("\u1112\u1161\u11AB"), "한");  // Hangul by rule
  EXPECT_EQ(to_nfc("하\u11AB"), "한");
  EXPECT_EQ(to_nfc("a\u0315\u0300\u05AE\u0300b"), "\u00E0\u05AE\u0300\u0315b");
  EXPECT_EQ(to_nfc("\u0301e"), "\u0301e");          // nothing to join
  EXPECT_EQ(to_nfc("e\xFF\u0301"), "e\xFF\u0301");  // not across bytes that are no UTF-8
  EXPECT_EQ(to_nfc("\u0D3E\u0D46\u0D3E"), "\u0D3E\u0D4A");
}

TEST(Unicode, Lowercase) {
  EXPECT_EQ(to_lowercase("ÀŽΣЖ T125 \u212A"), "àžσж t125 k");
  EXPECT_EQ(to_lowercase("\u0130"), "i\u0307");
  EXPECT_EQ(to_lowercase("ĀāĹĺ\xFF"), "āāĺĺ\xFF");
}

/// Byte-level BPE with all bytes and a few merges.
std::string bpe(const std::string& normalizer = "null") {
  std::string vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary += quote_json(byte_level_character(static_cast<unsigned char>(byte))) + ": " +
                  std::to_string(byte + 2) + ", ";
  }
  return R"({"version": "1.0", "truncation": null, "padding": null,
 "added_tokens": [
  {"id": 0, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false,
   "normalized": false, "special": true},
  {"id": 270, "content": "   ", "normalized": true, "special": false},
  {"id": 271, "content": "    ", "normalized": true, "special": false}],
 "normalizer": )" +
         normalizer + R"(,
 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
 "post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false},
 "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
 "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
  "end_of_word_suffix": null, "fuse_unk": false,
  "vocab": {)" +
         vocabulary + R"("<|endoftext|>": 0, "ab": 258, "bc": 259, "abc": 260, "aa": 261,
   "aaaa": 262, "Ġa": 263, "Ã©": 264},
  "merges": ["b c", "a b", "a bc", "a a", ["aa", "aa"], "Ġ a", "Ã ©"]}})";
}

Result<std::unique_ptr<Tokenizer>> parse(const std::string& text, uint64_t vocabulary = 300) {
  return HuggingFaceTokenizer::parse(text, "tokenizer.json", vocabulary);
}

Ids encode(const std::string& json, const std::string& text) {
  const auto tokenizer = parse(json);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  return tokenizer.value()->encode(text).value();
}

int32_t byte_id(char c) {
  return static_cast<unsigned char>(c) + 2;
}

TEST(HuggingFaceBpe, MergesTheLowestRankFirst) {
  EXPECT_EQ(encode(bpe(), "abc"), (Ids{260}));  // bc, then abc: not ab c
  EXPECT_EQ(encode(bpe(), "abab"), (Ids{258, 258}));
  EXPECT_EQ(encode(bpe(), "aaaaa"), (Ids{262, byte_id('a')}));
  EXPECT_EQ(encode(bpe(), "aaaab"), (Ids{261, byte_id('a'), 258}));
  EXPECT_EQ(encode(bpe(), "b a"), (Ids{byte_id('b'), 263}));
  EXPECT_EQ(encode(bpe(), ""), Ids{});
}

TEST(HuggingFaceBpe, AddedTokensAreFoundFirst) {
  EXPECT_EQ(encode(bpe(), "ab<|endoftext|>c"), (Ids{258, 0, byte_id('c')}));
  EXPECT_EQ(encode(bpe(), "<|endoftext|><|endoftext|>"), (Ids{0, 0}));
  EXPECT_EQ(encode(bpe(), "<|endoftext").size(), 11u);
  // The longest of several.
  EXPECT_EQ(encode(bpe(), "a    b"), (Ids{byte_id('a'), 271, byte_id('b')}));
  EXPECT_EQ(encode(bpe(), "       a"), (Ids{271, 270, byte_id('a')}));
}

TEST(HuggingFaceBpe, Normalizes) {
  const Ids composed = {264};
  EXPECT_EQ(encode(bpe(R"({"type": "NFC"})"), "e\u0301"), composed);
  EXPECT_EQ(encode(bpe(), "é"), composed);
  EXPECT_EQ(encode(bpe(), "e\u0301").size(), 3u);
  const std::string both =
      R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFC"}]})";
  EXPECT_EQ(encode(bpe(both), "E\u0301AB"), (Ids{264, 258}));
}

TEST(HuggingFaceBpe, DecodesAndRoundTrips) {
  const auto tokenizer = std::move(parse(bpe())).value();
  EXPECT_EQ(tokenizer->decode(263), " a");
  EXPECT_EQ(tokenizer->decode(271), "    ");
  EXPECT_EQ(tokenizer->decode(0), "");    // special
  EXPECT_EQ(tokenizer->decode(299), "");  // none
  EXPECT_EQ(tokenizer->end_of_text(), 0);
  const auto normalizing = std::move(parse(bpe(R"({"type": "NFC"})"))).value();
  std::mt19937 random(5);
  const Strings letters = {"a",      "b",      "c",      " ",    "  ",       "\n",
                           "é",      "e",      "\u0301", "\xFF", "\xE2\x82", "한",
                           "\u1112", "\u1161", "1",      "'s",   "\u0323",   "<|endoftext|"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t i = random() % 30; i > 0; --i) text += letters[random() % letters.size()];
    for (const Tokenizer* each : {tokenizer.get(), normalizing.get()}) {
      std::string back;
      const Ids ids = each->encode(text).value();
      for (const int32_t id : ids) back += each->decode(id);
      ASSERT_EQ(back, each == tokenizer.get() ? text : to_nfc(text)) << quote_json(text);
    }
    ASSERT_EQ(to_nfc(to_nfc(text)), to_nfc(text)) << quote_json(text);
  }
}

TEST(HuggingFaceBpe, TimeGrowsAsTheWord) {
  const auto tokenizer = std::move(parse(bpe())).value();
  const auto encode = [&](size_t letters) {
    EXPECT_EQ(tokenizer->encode(std::string(letters, 'a')).value(), Ids(letters / 4, 262));
  };
  EXPECT_LT(tiny::tenfold_growth(20000, encode), tiny::kFast);
}

std::string words(const std::string& unknown = R"("<pad>")") {
  return R"({"added_tokens": [{"id": 0, "content": "<pad>", "special": true}],
 "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "WhitespaceSplit"},
 "post_processor": null, "decoder": null,
 "model": {"type": "WordLevel", "vocab": {"<pad>": 0, "t1": 1, "t125": 2, "p:3c:5": 3},
  "unk_token": )" +
         unknown + "}}";
}

TEST(HuggingFaceWords, WordsBetweenSpaces) {
  EXPECT_EQ(encode(words(), "<pad> T125  p:3c:5\u3000t1\nt2"), (Ids{0, 2, 3, 1, 0}));
  EXPECT_EQ(encode(words(), "t1<pad>t1"), (Ids{1, 0, 1}));
  EXPECT_EQ(encode(words(), " \n"), Ids{});
  const auto unknown = std::move(parse(words("null"))).value()->encode("t1 t2");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("no token for \"t2\""), std::string::npos);
}

TEST(HuggingFaceWords, TextHasSpacesBetweenWords) {
  const auto tokenizer = std::move(parse(words())).value();
  TokenStream begun(*tokenizer, false), continued(*tokenizer, true);
  std::string text, rest;
  for (const int32_t id : {0, 1, 2, 0, 3}) {
    text += begun.push(id);
    rest += continued.push(id);
  }
  EXPECT_EQ(text, "t1 t125 p:3c:5");
  EXPECT_EQ(rest, " t1 t125 p:3c:5");
}

/// The error of `json`, after its file's name.
std::string fault(const std::string& json) {
  const auto tokenizer = parse(json);
  return tokenizer.ok() ? "none" : tokenizer.error().message.substr(14);
}

struct FaultCase {
  const char* from;
  const char* to;
  const char* message;
};

TEST(HuggingFaceFaults, TheComponentIsNamed) {
  const FaultCase cases[] = {
      {R"("truncation": null)", R"("truncation": {"max_length": 5})", " truncation: "},
      {R"("padding": null)", R"("padding": {"pad_id": 0})", " padding: "},
      {R"("normalizer": null)", R"("normalizer": {"type": "NFKC"})",
       " normalizer: \"NFKC\" is not supported"},
      {R"("normalizer": null)",
       R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "Strip"}]})",
       " normalizer[0]: \"Strip\" is not supported"},
      {R"("normalizer": null)", R"("normalizer": {"type": "Sequence"})",
       " normalizer: expected a list"},
      {R"("normalizer": null)", R"("normalizer": 5)", " normalizer: \"of no type\""},
      {R"("pre_tokenizer": {"type": "ByteLevel")", R"("pre_tokenizer": {"type": "Digits")",
       " pre_tokenizer: \"Digits\" is not supported"},
      {R"("pre_tokenizer": {"type": "ByteLevel")", R"("pre_tokenizer": {"type": "WhitespaceSplit")",
       " pre_tokenizer: a model BPE with this pre-tokenizer"},
      {R"("post_processor": {"type": "ByteLevel")",
       R"("post_processor": {"type": "TemplateProcessing")",
       " post_processor: \"TemplateProcessing\" is not supported"},
      {R"("decoder": {"type": "ByteLevel")", R"("decoder": {"type": "WordPiece")",
       " decoder: \"WordPiece\" is not supported"},
      {R"("type": "BPE")", R"("type": "Unigram")", " model: \"Unigram\" is not supported"},
      {R"("dropout": null)", R"("dropout": 0.1)", " model.dropout: a value is not supported"},
      {R"("fuse_unk": false)", R"("byte_fallback": true)", " model.byte_fallback: "},
      {R"("end_of_word_suffix": null)", R"("end_of_word_suffix": "</w>")",
       " model.end_of_word_suffix: "},
      {R"("lstrip": false)", R"("lstrip": true)", " added_tokens[0].lstrip: "},
      {R"("single_word": false)", R"("single_word": true)", " added_tokens[0].single_word: "},
      {R"("id": 270)", R"("id": 5)", " added_tokens[1]: id 5 and the text \"   \" belong to"},
      {R"("id": 0)", R"("id": 270)", " added_tokens[0]: id 270 and the text"},
      {R"("id": 270)", R"("id": 300)", " added_tokens[1].id: id 300 is not among the model's 300"},
      {R"("id": 270)", R"("id": -1)", " added_tokens[1].id: expected an id"},
      {R"("content": "   ")", R"("content": "")", " added_tokens[1]: expected a \"content\""},
      {R"("ab": 258)", R"("ab": 900)", " model.vocab.\"ab\": id 900 is not among the model's"},
      {R"("ab": 258)", R"("ab": 1.5)", " model.vocab.\"ab\": expected an id"},
      {R"("ab": 258)", R"("ab": 259)", " model.vocab.\"bc\": id 259 stands for two tokens"},
      {R"("ab": 258)", R"("bc": 258)", ": the member \"bc\" stands twice"},
      {R"("aa": 261,)", "", " model.merges[3]: the vocabulary has no token \"aa\""},
      {R"("b c")", R"("bc")", " model.merges[0]: expected two tokens"},
      {R"("b c")", R"(7)", " model.merges[0]: expected two tokens"},
      {R"("merges": [)", R"("unmerged": [)", " model.merges: expected a list"},
      {R"("vocab": {)", R"("words": {)", " model.vocab: expected an object"},
      {R"("model": {)", R"("models": {)", " model: expected an object"},
  };
  for (const FaultCase& each : cases) {
    const std::string found = fault(tiny::replaced(bpe(), each.from, each.to));
    EXPECT_NE(found.find(each.message), std::string::npos) << each.to << ": " << found;
  }
  EXPECT_EQ(parse(tiny::replaced(bpe(), "\"ab\": 258", "\"ab\": 900")).error().code,
            "tokenizer/outside-vocabulary");
}

TEST(HuggingFaceFaults, JunkIsRefusedAtOnce) {
  EXPECT_EQ(fault("{}"), ": model: expected an object, found nothing");
  EXPECT_NE(fault(std::string(100000, '[')).find("nested deeper than 64 levels"),
            std::string::npos);
  std::string nested = R"({"normalizer": )";
  for (int i = 0; i < 1000; ++i) nested += R"({"type": "Sequence", "normalizers": [)";
  EXPECT_NE(fault(nested).find("nested deeper"), std::string::npos);
  const std::string whole = bpe();
  std::mt19937 random(11);
  for (int i = 0; i < 300; ++i) {
    EXPECT_FALSE(parse(whole.substr(0, random() % whole.size())).ok());
    // One byte changed: a fault or another tokenizer, but no crash.
    std::string changed = whole;
    changed[random() % changed.size()] = static_cast<char>(random());
    const auto tokenizer = parse(changed);
    if (tokenizer.ok()) tokenizer.value()->encode("ab <|endoftext|> é").ok();
  }
}

TEST(HuggingFaceFaults, AModelWhoseVocabularyIsAList) {
  const auto tokenizer =
      parse(R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.0]]}})");
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_NE(tokenizer.error().message.find("model: \"Unigram\" is not supported"),
            std::string::npos);
}

TEST(HuggingFaceFaults, ABytesTokenThatIsMissing) {
  const auto tokenizer = std::move(parse(tiny::replaced(bpe(), "\"z\": 124,", ""))).value();
  EXPECT_TRUE(tokenizer->encode("abc").ok());
  const auto ids = tokenizer->encode("az");
  ASSERT_FALSE(ids.ok());
  EXPECT_NE(ids.error().message.find("no token for byte 122, in \"az\""), std::string::npos);
}

TEST(HuggingFace, TimeGrowsAsTheVocabulary) {
  const auto open = [](size_t count) {
    std::string vocabulary;
    for (size_t i = 0; i < count; ++i)
      vocabulary += "\"w" + std::to_string(i) + "\": " + std::to_string(i + 4) + ", ";
    const std::string json = tiny::replaced(words(), "\"t1\"", vocabulary + "\"t1\"");
    const auto last = static_cast<int32_t>(count);
    const auto tokenizer = std::move(parse(json, count + 4)).value();
    EXPECT_EQ(tokenizer->encode("w" + std::to_string(count - 1)).value(), (Ids{last + 3}));
  };
  EXPECT_LT(tiny::tenfold_growth(10000, open), tiny::kFast);
}

}  // namespace
}  // namespace rwkv
