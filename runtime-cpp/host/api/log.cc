#include "log.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>

#include "../validate/sane_enum.h"
#include "fault.h"

namespace qnn_host {
namespace {

using Lock = std::lock_guard<std::recursive_mutex>;

/// Microseconds since some point in the past.
uint64_t timestamp() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

/// The null callback's. Each message is one line.
void print(const char* format, QnnLog_Level_t level, uint64_t time, va_list arguments) {
  const char* const letters = " EWIVD";
  char text[2048];
  vsnprintf(text, sizeof text, format, arguments);
  printf("[%c %llu.%06llu] %s\n", letters[level], static_cast<unsigned long long>(time / 1000000),
         static_cast<unsigned long long>(time % 1000000), text);
}

}  // namespace

bool is_log_level(QnnLog_Level_t level) {
  level = sane(level);
  return level >= QNN_LOG_LEVEL_ERROR && level <= QNN_LOG_LEVEL_DEBUG;
}

void Log::set_level(QnnLog_Level_t level) {
  const Lock lock(mutex_);
  level_ = level;
}

void Log::close() {
  const Lock lock(mutex_);
  open_ = false;
}

bool Log::takes(QnnLog_Level_t level) const {
  const Lock lock(mutex_);
  return open_ && level <= level_;
}

void Log::write(QnnLog_Level_t level, const std::string& text) const {
  const Lock lock(mutex_);
  if (takes(level)) call(level, "%s", text.c_str());
}

void Log::call(QnnLog_Level_t level, const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  (callback_ != nullptr ? callback_ : print)(format, level, timestamp(), arguments);
  va_end(arguments);
}

}  // namespace qnn_host

using namespace qnn_host;

Qnn_ErrorHandle_t QnnLog_create(QnnLog_Callback_t callback, QnnLog_Level_t maxLogLevel,
                                Qnn_LogHandle_t* logger) {
  if (logger == nullptr)
    return report(nullptr, QNN_LOG_ERROR_INVALID_ARGUMENT, null_argument("logger"));
  if (!is_log_level(maxLogLevel))
    return report(
        nullptr, QNN_LOG_ERROR_INVALID_ARGUMENT,
        "log level " + std::to_string(sane(maxLogLevel)) + " is not 1 (ERROR) to 5 (DEBUG)");
  *logger = Registry::instance().insert(std::make_shared<Log>(callback, maxLogLevel));
  return *logger != nullptr ? QNN_SUCCESS : QNN_LOG_ERROR_MEM_ALLOC;
}

Qnn_ErrorHandle_t QnnLog_setLogLevel(Qnn_LogHandle_t logger, QnnLog_Level_t maxLogLevel) {
  const auto log = Registry::instance().find<Log>(logger);
  if (log == nullptr)
    return report(nullptr, QNN_LOG_ERROR_INVALID_HANDLE, bad_handle("log", logger));
  if (!is_log_level(maxLogLevel))
    return report(
        log.get(), QNN_LOG_ERROR_INVALID_ARGUMENT,
        "log level " + std::to_string(sane(maxLogLevel)) + " is not 1 (ERROR) to 5 (DEBUG)");
  log->set_level(maxLogLevel);
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnLog_free(Qnn_LogHandle_t logger) {
  const auto log = Registry::instance().remove<Log>(logger);
  if (log == nullptr)
    return report(nullptr, QNN_LOG_ERROR_INVALID_HANDLE, bad_handle("log", logger));
  log->close();
  return QNN_SUCCESS;
}
