#include "message_log.h"

#include <cstdio>

namespace rwkv {
namespace {

constexpr size_t kKept = 256;

/// HTP 5.51 logs this at ERROR level once per graph, and nothing is wrong: quoting it would
/// mislead.
bool is_harmless(const std::string& text) {
  return text.find("unexpected GraphHtpSettings option") != std::string::npos;
}

}  // namespace

MessageLog& MessageLog::instance() {
  // Never destroyed: a library's threads may log while the process exits.
  static MessageLog* const log = new MessageLog;
  return *log;
}

void MessageLog::callback(const char* format, QnnLog_Level_t level, uint64_t, va_list args) {
  char buffer[2048];
  const int length = std::vsnprintf(buffer, sizeof buffer, format != nullptr ? format : "", args);
  if (length < 0) return;
  std::string text = buffer;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (!text.empty()) instance().add(level, std::move(text));
}

void MessageLog::add(QnnLog_Level_t level, std::string text) {
  if (is_harmless(text)) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (level <= echo_level_) std::fprintf(stderr, "%s\n", text.c_str());
  messages_.push_back({next_++, level, std::move(text)});
  if (messages_.size() > kKept) messages_.pop_front();
}

uint64_t MessageLog::mark() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return next_;
}

std::vector<std::string> MessageLog::since(uint64_t mark, size_t most) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> texts;
  for (const Message& message : messages_) {
    if (message.number >= mark && message.level <= QNN_LOG_LEVEL_WARN)
      texts.push_back(message.text);
  }
  if (texts.size() > most)
    texts.erase(texts.begin(), texts.end() - static_cast<std::ptrdiff_t>(most));
  return texts;
}

void MessageLog::echo(int level) {
  const std::lock_guard<std::mutex> lock(mutex_);
  echo_level_ = level;
}

}  // namespace rwkv
