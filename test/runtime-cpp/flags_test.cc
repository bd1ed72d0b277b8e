#include "flags.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

const ModeSpec kMode = {
    "m", "a mode", {{"--name", "X", "n"}, {"--count", "N", "c"}, {"--on", nullptr, "o"}}};

Flags parsed(const std::vector<std::string>& args) {
  return Flags::parse(kMode, args).value();
}
Error refused(const std::vector<std::string>& args) {
  return Flags::parse(kMode, args).error();
}

TEST(Flags, ReadsValuesAndSwitches) {
  const Flags flags = parsed({"--name", "x y", "--count=12", "--on"});
  EXPECT_EQ(flags.text("--name"), "x y");
  EXPECT_EQ(flags.count("--count", 1, 100).value(), 12u);
  EXPECT_TRUE(flags.has("--on"));
  EXPECT_EQ(parsed({}).count("--count", 7, 100).value(), 7u);
  EXPECT_EQ(parsed({"--name", "--on"}).text("--name"), "--on");
  EXPECT_EQ(parsed({"--name="}).text("--name", "f"), "");
}

TEST(Flags, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refused({"--nane", "x"}).hint, "Did you mean --name?");
  EXPECT_EQ(refused({"stray"}).code, "usage/unknown-flag");
  EXPECT_EQ(refused({"--name"}).code, "usage/flag-value");
  EXPECT_EQ(refused({"--on=1"}).code, "usage/flag-value");
  EXPECT_EQ(refused({"--on", "--on"}).code, "usage/flag-twice");
  EXPECT_EQ(refused({"--name", "a", "--name", "b"}).kind, ErrorKind::kUsage);
  EXPECT_FALSE(parsed({}).required("--name").ok());
  EXPECT_FALSE(parsed({"--name", ""}).required("--name").ok());
}

TEST(Flags, NumbersAreStrict) {
  uint64_t n = 0;
  for (const char* text :
       {"", "-1", "+1", "1x", "0x10", " 1", "1 ", "1e3", "1.0", "18446744073709551616", "101"}) {
    EXPECT_FALSE(parse_count(text, 100, n)) << text;
  }
  EXPECT_TRUE(parse_count("100", 100, n));
  EXPECT_TRUE(parse_count("18446744073709551615", UINT64_MAX, n));
  double x = 0;
  for (const char* text : {"", "x", "1x", "nan", "inf", "0x1p3", "1e999", " 1", "1,5"}) {
    EXPECT_FALSE(parse_number(text, x)) << text;
  }
  EXPECT_TRUE(parse_number("-1.5e2", x));
  EXPECT_EQ(x, -150);
  EXPECT_FALSE(parsed({"--count", "-3"}).count("--count", 0, 10).ok());
  EXPECT_FALSE(parsed({"--count", "3 "}).number("--count", 0).ok());
}

TEST(Flags, HelpNamesEveryFlag) {
  const std::string help = help_text("prog", {kMode});
  for (const FlagSpec& flag : kMode.flags) EXPECT_NE(help.find(flag.name), std::string::npos);
}

}  // namespace
}  // namespace rwkv
