#include "flags.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>

namespace rwkv {
namespace {

/// Levenshtein's distance.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min(change, std::min(row[j], row[j - 1]) + 1);
    }
  }
  return row[b.size()];
}

const FlagSpec* find_flag(const ModeSpec& mode, const std::string& name) {
  for (const FlagSpec& flag : mode.flags) {
    if (name == flag.name) return &flag;
  }
  return nullptr;
}

std::string nearest_flag(const ModeSpec& mode, const std::string& name) {
  std::string nearest;
  size_t best = 4;  // further off is no misspelling
  for (const FlagSpec& flag : mode.flags) {
    const size_t d = distance(name, flag.name);
    if (d < best) {
      best = d;
      nearest = flag.name;
    }
  }
  return nearest;
}

}  // namespace

Result<Flags> Flags::parse(const ModeSpec& mode, const std::vector<std::string>& args) {
  Flags flags;
  for (size_t i = 0; i < args.size(); ++i) {
    std::string name = args[i], value;
    const size_t equals = name.compare(0, 2, "--") == 0 ? name.find('=') : std::string::npos;
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const FlagSpec* flag = find_flag(mode, name);
    if (flag == nullptr) {
      const std::string nearest = nearest_flag(mode, name);
      return usage_error(
          "usage/unknown-flag", std::string("\"") + name + "\" is no flag of " + mode.name,
          nearest.empty() ? "--help lists the flags." : "Did you mean " + nearest + "?");
    }
    if (flag->value == nullptr && equals != std::string::npos) {
      return usage_error("usage/flag-value", name + " takes no value");
    }
    if (flag->value != nullptr && equals == std::string::npos) {
      if (i + 1 == args.size()) {
        return usage_error("usage/flag-value",
                           name + " needs a value: " + name + " " + flag->value);
      }
      value = args[++i];
    }
    if (!flags.values_.emplace(name, value).second) {
      return usage_error("usage/flag-twice", name + " is given twice");
    }
  }
  return flags;
}

std::string Flags::text(const std::string& name, const std::string& fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : found->second;
}

Result<std::string> Flags::required(const std::string& name) const {
  const std::string value = text(name);
  if (value.empty()) return usage_error("usage/missing-flag", name + " is needed");
  return value;
}

Result<uint64_t> Flags::count(const std::string& name, uint64_t fallback, uint64_t most) const {
  if (!has(name)) return fallback;
  uint64_t value = 0;
  if (!parse_count(text(name), most, value)) {
    return usage_error("usage/number", name + " needs a whole number from 0 to " +
                                           std::to_string(most) + ", found \"" + text(name) + "\"");
  }
  return value;
}

Result<double> Flags::number(const std::string& name, double fallback) const {
  if (!has(name)) return fallback;
  double value = 0;
  if (!parse_number(text(name), value)) {
    return usage_error("usage/number", name + " needs a number, found \"" + text(name) + "\"");
  }
  return value;
}

bool parse_number(const std::string& text, double& number) {
  if (text.empty() || text.find_first_not_of("+-.0123456789eE") != std::string::npos) return false;
  char* end = nullptr;
  number = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(number);
}

bool parse_count(const std::string& text, uint64_t most, uint64_t& count) {
  if (text.empty() || text.size() > 20 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  errno = 0;
  count = std::strtoull(text.c_str(), nullptr, 10);
  return errno == 0 && count <= most;
}

std::string help_text(const char* program, const std::vector<ModeSpec>& modes) {
  std::string text = std::string("usage: ") + program + " MODE [flags]\n";
  for (const ModeSpec& mode : modes) {
    text += std::string("\n  ") + mode.name + ": " + mode.summary + "\n";
    for (const FlagSpec& flag : mode.flags) {
      std::string left = std::string("    ") + flag.name +
                         (flag.value != nullptr ? std::string(" ") + flag.value : "");
      if (left.size() < 32) left.resize(32, ' ');
      text += left + " " + flag.help + "\n";
    }
  }
  return text +
         "\nexit codes: 0 done, 1 the input is at fault, 2 bad usage, 3 a file or library is "
         "missing, 4 internal error\n";
}

}  // namespace rwkv
