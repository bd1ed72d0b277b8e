#include "json.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

Json parsed(const std::string& text) {
  Result<Json> json = parse_json(text, "t");
  EXPECT_TRUE(json.ok()) << text << ": " << (json.ok() ? "" : json.error().message);
  return json.ok() ? json.value() : Json();
}

std::string failure(const std::string& text) {
  const Result<Json> json = parse_json(text, "t");
  return json.ok() ? "parsed" : json.error().message;
}

TEST(Json, ReadsEveryType) {
  const Json json = parsed(R"( {"a": [1, -2.5, 1e3, true, false, null], "b": {"c": "x"}} )");
  const Json& a = *json.find("a");
  EXPECT_TRUE(a.array[0].is_integer);
  EXPECT_EQ(a.array[0].integer, 1);
  EXPECT_FALSE(a.array[1].is_integer);
  EXPECT_EQ(a.array[1].number, -2.5);
  EXPECT_EQ(a.array[2].number, 1000);
  EXPECT_TRUE(a.array[3].boolean);
  EXPECT_EQ(a.array[5].type, Json::Type::kNull);
  EXPECT_EQ(json.find("b")->find("c")->string, "x");
  EXPECT_EQ(json.find("d"), nullptr);
}

TEST(Json, ReadsNumbersExactly) {
  EXPECT_EQ(parsed("123456789012345678").integer, 123456789012345678);
  EXPECT_EQ(parsed("-7").integer, -7);
  EXPECT_EQ(parsed("-1e30").number, -1e30);
  EXPECT_EQ(parsed("0.1").number, 0.1);
  EXPECT_EQ(parsed("5e-324").number, 5e-324);
}

TEST(Json, ReadsEscapes) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00")").string, "\"\\/\b\f\n\r\té€😀");
  EXPECT_EQ(parsed("\"\\u0000\"").string, std::string(1, '\0'));
}

TEST(Json, SaysWhereTextIsMalformed) {
  EXPECT_EQ(failure("{\"a\": 1,\n  \"a\": 2}"),
            "t:2:3: the member \"a\" stands twice in one object");
  EXPECT_EQ(failure("[1,]"), "t:1:4: expected a value");
  EXPECT_EQ(failure("[1 2]"), "t:1:4: expected ',' or ']'");
  EXPECT_EQ(failure("{a: 1}"), "t:1:2: expected a member name in double quotes");
  EXPECT_EQ(failure(""), "t:1:1: the text ends where a value is expected");
  EXPECT_EQ(failure("1 1"), "t:1:3: more text after the end of the document");
  EXPECT_EQ(failure("01"), "t:1:1: a number with a leading zero");
  EXPECT_EQ(failure("1e999"), "t:1:1: a number too large for a double");
  EXPECT_EQ(failure("\"abc"), "t:1:5: the text ends inside a string");
  EXPECT_EQ(failure("\"a\nb\""), "t:1:3: a control character inside a string");
  EXPECT_EQ(failure("\"\\ud800\""), "t:1:8: a high surrogate without its low one");
  EXPECT_EQ(failure("\"\xff\""), "t:1:2: bytes that are not UTF-8");
}

TEST(Json, RefusesWhatStandardJsonDoesNotKnow) {
  for (const char* text : {"NaN", "+1", ".5", "1.", "1e", "-", "'a'", "// x\n1", "[1", "{\"a\"}",
                           "tru", "\"\\x\"", "\"\\u12g4\""}) {
    EXPECT_NE(failure(text), "parsed") << text;
  }
}

TEST(Json, LimitsDepth) {
  EXPECT_EQ(parsed(std::string(64, '[') + std::string(64, ']')).type, Json::Type::kArray);
  EXPECT_NE(failure(std::string(100000, '[')), "parsed");
}

TEST(Json, EveryCutOfADocumentIsAnError) {
  const std::string text = R"({"a": [1.5e1, "\u00e9"], "b": {}})";
  for (size_t n = 0; n < text.size(); ++n) EXPECT_NE(failure(text.substr(0, n)), "parsed") << n;
}

TEST(Json, WritesWhatItReads) {
  JsonWriter writer;
  writer.begin_object()
      .member("text", "a\"\\\n\x01é\xff")
      .member("n", 0.1)
      .member("i", int64_t{-3});
  writer.member("yes", true).key("none").null().key("nan").value(0.0 / 0.0);
  writer.key("empty").begin_array().end_array();
  writer.key("list").begin_array().value(1).value(2.5).end_array().end_object();
  const Json json = parsed(writer.text());
  EXPECT_EQ(json.find("text")->string, "a\"\\\n\x01é\xEF\xBF\xBD");
  EXPECT_EQ(json.find("n")->number, 0.1);
  EXPECT_EQ(json.find("i")->integer, -3);
  EXPECT_EQ(json.find("nan")->type, Json::Type::kNull);
  EXPECT_TRUE(json.find("empty")->array.empty());
  EXPECT_EQ(json.find("list")->array.size(), 2u);
}

}  // namespace
}  // namespace rwkv
