#include "profile.h"

#include <atomic>

#include "../validate/sane_enum.h"
#include "backend.h"
#include "config_list.h"
#include "fault.h"

namespace qnn_host {
namespace {

// Ids are never used twice, so that one of an earlier call is told apart.
std::atomic<uint64_t> next_id{1};

uint64_t now_microseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

void Profile::set_events(std::vector<Event> events) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.clear();
  top_.clear();
  const uint64_t time = now_microseconds();
  size_t total = 0;
  for (const Event& event : events) total += 1 + event.children.size();
  first_id_ = next_id.fetch_add(total);
  for (Event& event : events) {
    if (entries_.size() >= limit_) break;
    std::vector<Event> children = std::move(event.children);
    event.timestamp = time;
    const size_t parent = entries_.size();
    top_.push_back(first_id_ + parent);
    entries_.push_back({std::move(event), {}});
    for (Event& child : children) {
      if (entries_.size() >= limit_) break;
      child.timestamp = time;
      entries_[parent].children.push_back(first_id_ + entries_.size());
      entries_.push_back({std::move(child), {}});
    }
  }
}

void Profile::set_limit(uint64_t events) {
  const std::lock_guard<std::mutex> lock(mutex_);
  limit_ = events;
}

void Profile::top_ids(const QnnProfile_EventId_t** ids, uint32_t* count) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  *ids = top_.data();
  *count = static_cast<uint32_t>(top_.size());
}

const Profile::Entry* Profile::find(QnnProfile_EventId_t id) const {
  if (id < first_id_ || id - first_id_ >= entries_.size()) return nullptr;
  return &entries_[id - first_id_];
}

bool Profile::child_ids(QnnProfile_EventId_t id, const QnnProfile_EventId_t** ids,
                        uint32_t* count) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Entry* entry = find(id);
  if (entry == nullptr) return false;
  *ids = entry->children.data();
  *count = static_cast<uint32_t>(entry->children.size());
  return true;
}

bool Profile::read(QnnProfile_EventId_t id, QnnProfile_EventData_t* data) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Entry* entry = find(id);
  if (entry == nullptr) return false;
  const Event& event = entry->event;
  *data = {event.type, event.unit, event.value, event.name.c_str()};
  return true;
}

bool Profile::read(QnnProfile_EventId_t id, QnnProfile_ExtendedEventData_t* data) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Entry* entry = find(id);
  if (entry == nullptr) return false;
  const Event& event = entry->event;
  *data = QNN_PROFILE_EXTENDED_EVENT_DATA_INIT;
  data->v1.type = event.type;
  data->v1.unit = event.unit;
  data->v1.value.dataType = QNN_DATATYPE_UINT_64;
  data->v1.value.uint64Value = event.value;
  data->v1.timestamp = event.timestamp;
  data->v1.identifier = event.name.c_str();
  return true;
}

uint64_t Stopwatch::microseconds() const {
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
}

}  // namespace qnn_host

using namespace qnn_host;

namespace {

constexpr char kBadEvent[] =
    "no profile has an event of this id (ids end with the next call that uses their profile)";

/// Calls `read` with profiles until one knows the event.
template <typename Read>
Qnn_ErrorHandle_t read_event(const void* result, const char* name, Read read) {
  if (result == nullptr)
    return report(nullptr, QNN_PROFILE_ERROR_INVALID_ARGUMENT, null_argument(name));
  for (const auto& profile : Registry::instance().all<Profile>()) {
    if (read(*profile)) return QNN_SUCCESS;
  }
  return report(nullptr, QNN_PROFILE_ERROR_INVALID_ARGUMENT, kBadEvent);
}

}  // namespace

Qnn_ErrorHandle_t QnnProfile_create(Qnn_BackendHandle_t backend, QnnProfile_Level_t level,
                                    Qnn_ProfileHandle_t* profile) {
  const auto owner = Registry::instance().find<Backend>(backend);
  if (owner == nullptr)
    return report(nullptr, QNN_PROFILE_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  if (profile == nullptr)
    return report(owner->log(), QNN_PROFILE_ERROR_INVALID_ARGUMENT, null_argument("profile"));
  if (level != QNN_PROFILE_LEVEL_BASIC && level != QNN_PROFILE_LEVEL_DETAILED)
    return report(owner->log(), QNN_PROFILE_ERROR_INVALID_ARGUMENT,
                  "profile level " + std::to_string(level) + " is not 1 (BASIC) or 2 (DETAILED)");
  *profile = Registry::instance().insert(std::make_shared<Profile>(owner->shared_log(), level));
  return *profile != nullptr ? QNN_SUCCESS : QNN_PROFILE_ERROR_MEM_ALLOC;
}

Qnn_ErrorHandle_t QnnProfile_setConfig(Qnn_ProfileHandle_t profileHandle,
                                       const QnnProfile_Config_t** config) {
  const auto self = Registry::instance().find<Profile>(profileHandle);
  if (self == nullptr)
    return report(nullptr, QNN_PROFILE_ERROR_INVALID_HANDLE, bad_handle("profile", profileHandle));
  const Fault fault = each_config(config, [&](const QnnProfile_Config_t& one) -> Fault {
    const QnnProfile_ConfigOption_t option = sane(one.option);
    switch (option) {
      case QNN_PROFILE_CONFIG_OPTION_MAX_EVENTS:
        self->set_limit(one.numMaxEvents);
        return {};
      case QNN_PROFILE_CONFIG_OPTION_CUSTOM:
        return {QNN_PROFILE_ERROR_UNSUPPORTED, "there are no custom profile configs"};
      case QNN_PROFILE_CONFIG_OPTION_ENABLE_OPTRACE:
        if (one.enableOptrace == 0) return {};
        return {QNN_PROFILE_ERROR_UNSUPPORTED, "op traces are not supported"};
      default:
        return {QNN_PROFILE_ERROR_INVALID_ARGUMENT,
                "profile config option " + std::to_string(option) + " is not known"};
    }
  });
  return report(self->log(), fault);
}

Qnn_ErrorHandle_t QnnProfile_getEvents(Qnn_ProfileHandle_t profile,
                                       const QnnProfile_EventId_t** profileEventIds,
                                       uint32_t* numEvents) {
  const auto self = Registry::instance().find<Profile>(profile);
  if (self == nullptr)
    return report(nullptr, QNN_PROFILE_ERROR_INVALID_HANDLE, bad_handle("profile", profile));
  if (profileEventIds == nullptr || numEvents == nullptr)
    return report(self->log(), QNN_PROFILE_ERROR_INVALID_ARGUMENT,
                  null_argument(numEvents == nullptr ? "numEvents" : "profileEventIds"));
  self->top_ids(profileEventIds, numEvents);
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnProfile_getSubEvents(QnnProfile_EventId_t eventId,
                                          const QnnProfile_EventId_t** subEventIds,
                                          uint32_t* numSubEvents) {
  if (numSubEvents == nullptr)
    return report(nullptr, QNN_PROFILE_ERROR_INVALID_ARGUMENT, null_argument("numSubEvents"));
  return read_event(subEventIds, "subEventIds", [&](const Profile& profile) {
    return profile.child_ids(eventId, subEventIds, numSubEvents);
  });
}

Qnn_ErrorHandle_t QnnProfile_getEventData(QnnProfile_EventId_t eventId,
                                          QnnProfile_EventData_t* eventData) {
  return read_event(eventData, "eventData",
                    [&](const Profile& profile) { return profile.read(eventId, eventData); });
}

Qnn_ErrorHandle_t QnnProfile_getExtendedEventData(QnnProfile_EventId_t eventId,
                                                  QnnProfile_ExtendedEventData_t* eventData) {
  return read_event(eventData, "eventData",
                    [&](const Profile& profile) { return profile.read(eventId, eventData); });
}

Qnn_ErrorHandle_t QnnProfile_free(Qnn_ProfileHandle_t profile) {
  if (Registry::instance().remove<Profile>(profile) == nullptr)
    return report(nullptr, QNN_PROFILE_ERROR_INVALID_HANDLE, bad_handle("profile", profile));
  return QNN_SUCCESS;
}
