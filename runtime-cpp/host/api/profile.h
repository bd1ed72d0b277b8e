#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "QnnProfile.h"
#include "log.h"
#include "registry.h"

namespace qnn_host {

/// One measurement of a call. Events of a call form a tree of two levels.
struct Event {
  QnnProfile_EventType_t type = 0;
  QnnProfile_EventUnit_t unit = QNN_PROFILE_EVENTUNIT_MICROSEC;
  uint64_t value = 0;
  std::string name;
  /// Microseconds on the clock of the log's timestamps, when the call ended.
  uint64_t timestamp = 0;
  std::vector<Event> children;
};

/// What a profile handle stands for: the events of the last call that it was given to.
class Profile : public Object {
 public:
  static constexpr Kind kKind = Kind::kProfile;

  Profile(std::shared_ptr<Log> log, QnnProfile_Level_t level)
      : log_(std::move(log)), level_(level) {}

  /// May be null.
  const Log* log() const { return log_.get(); }
  /// Whether the children of events are wanted.
  bool detailed() const { return level_ >= QNN_PROFILE_LEVEL_DETAILED; }

  /// Replaces the events. Those beyond the limit are dropped, children last to first.
  void set_events(std::vector<Event> events);
  void set_limit(uint64_t events);

  /// Ids of the top events; the pointer is valid until the next set_events.
  void top_ids(const QnnProfile_EventId_t** ids, uint32_t* count) const;
  /// False when `id` is not one of this profile's present events.
  bool child_ids(QnnProfile_EventId_t id, const QnnProfile_EventId_t** ids, uint32_t* count) const;
  bool read(QnnProfile_EventId_t id, QnnProfile_EventData_t* data) const;
  bool read(QnnProfile_EventId_t id, QnnProfile_ExtendedEventData_t* data) const;

 private:
  struct Entry {
    Event event;  // without children
    std::vector<QnnProfile_EventId_t> children;
  };
  const Entry* find(QnnProfile_EventId_t id) const;

  std::shared_ptr<Log> log_;
  const QnnProfile_Level_t level_;
  mutable std::mutex mutex_;
  uint64_t limit_ = UINT64_MAX;
  uint64_t first_id_ = 0;
  std::vector<Entry> entries_;  // entry i has the id first_id_ + i
  std::vector<QnnProfile_EventId_t> top_;
};

/// Measures a call.
class Stopwatch {
 public:
  uint64_t microseconds() const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace qnn_host
