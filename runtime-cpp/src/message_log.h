#pragma once

#include <cstdarg>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "QnnLog.h"

namespace rwkv {

/// Keeps the last messages of foreign libraries, so that an error can quote them. One per process:
/// QNN's log callback has no place for a pointer of ours. Safe from any thread.
class MessageLog {
 public:
  static MessageLog& instance();

  /// For QnnLog_create and composeGraphs.
  static void callback(const char* format, QnnLog_Level_t level, uint64_t timestamp, va_list args);

  void add(QnnLog_Level_t level, std::string text);

  /// Number of the next message: pass it to `since` after a call.
  uint64_t mark() const;
  /// Errors and warnings from `mark` on, the last `most` of them, oldest first.
  std::vector<std::string> since(uint64_t mark, size_t most = 8) const;

  /// Messages up to that level also go to stderr as they come; 0 for none.
  void echo(int level);

 private:
  struct Message {
    uint64_t number;
    QnnLog_Level_t level;
    std::string text;
  };

  mutable std::mutex mutex_;
  std::deque<Message> messages_;
  uint64_t next_ = 0;
  int echo_level_ = 0;
};

}  // namespace rwkv
