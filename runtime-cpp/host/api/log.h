#pragma once

#include <mutex>
#include <string>

#include "QnnLog.h"
#include "registry.h"

namespace qnn_host {

/// Where messages go: the client's callback, or standard output. Objects made with a logger keep
/// it; once the client has freed it they are silent.
class Log : public Object {
 public:
  static constexpr Kind kKind = Kind::kLog;

  Log(QnnLog_Callback_t callback, QnnLog_Level_t level) : callback_(callback), level_(level) {}

  void set_level(QnnLog_Level_t level);
  /// No callback runs after this returns.
  void close();
  /// Nothing when `level` is finer than the log's.
  void write(QnnLog_Level_t level, const std::string& text) const;
  bool takes(QnnLog_Level_t level) const;

 private:
  void call(QnnLog_Level_t level, const char* format, ...) const;

  // Recursive: a callback may set the level.
  mutable std::recursive_mutex mutex_;
  QnnLog_Callback_t callback_;
  QnnLog_Level_t level_;
  bool open_ = true;
};

/// True for ERROR to DEBUG.
bool is_log_level(QnnLog_Level_t level);

}  // namespace qnn_host
