#include "profile.h"

#include "HTP/QnnHtpProfile.h"
#include "htp_config.h"
#include "qnn_status.h"

namespace rwkv {
namespace {

uint64_t scalar_value(const Qnn_Scalar_t& scalar) {
  switch (scalar.dataType) {
    case QNN_DATATYPE_UINT_64:
    case QNN_DATATYPE_INT_64:
      return scalar.uint64Value;
    case QNN_DATATYPE_UINT_32:
    case QNN_DATATYPE_INT_32:
      return scalar.uint32Value;
    case QNN_DATATYPE_FLOAT_32:
      return static_cast<uint64_t>(scalar.floatValue);
    case QNN_DATATYPE_FLOAT_64:
      return static_cast<uint64_t>(scalar.doubleValue);
    default:
      return 0;
  }
}

/// "NODE : OpId_7" is an op that the node NODE became; some have no node.
std::string node_of(const std::string& op) {
  return op.substr(0, op.find(" : OpId_"));
}

/// HTP events have both forms, the CPU's only the extended one.
Status read_data(const Api& api, QnnProfile_EventId_t id, ProfileEvent& event) {
  if (api.fn.profileGetExtendedEventData != nullptr) {
    QnnProfile_ExtendedEventData_t data = QNN_PROFILE_EXTENDED_EVENT_DATA_INIT;
    if (api.fn.profileGetExtendedEventData(id, &data) == QNN_SUCCESS &&
        data.version == QNN_PROFILE_DATA_VERSION_1) {
      event.type = data.v1.type;
      event.unit = data.v1.unit;
      event.name = data.v1.identifier != nullptr ? data.v1.identifier : "";
      if (data.v1.unit != QNN_PROFILE_EVENTUNIT_OBJECT) event.value = scalar_value(data.v1.value);
      return Done{};
    }
  }
  const Call call("QnnProfile_getEventData", "");
  if (api.fn.profileGetEventData == nullptr) return call.missing_slot();
  QnnProfile_EventData_t data = QNN_PROFILE_EVENT_DATA_INIT;
  RWKV_TRY(call.check(api.fn.profileGetEventData(id, &data)));
  event.type = data.type;
  event.unit = data.unit;
  event.value = data.value;
  event.name = data.identifier != nullptr ? data.identifier : "";
  return Done{};
}

Result<ProfileEvent> read_event(const Api& api, QnnProfile_EventId_t id, int depth) {
  ProfileEvent event;
  RWKV_TRY(read_data(api, id, event));
  if (depth == 0 || api.fn.profileGetSubEvents == nullptr) return event;
  const QnnProfile_EventId_t* ids = nullptr;
  uint32_t count = 0;
  const Call call("QnnProfile_getSubEvents", event.name);
  RWKV_TRY(call.check(api.fn.profileGetSubEvents(id, &ids, &count)));
  // The array belongs to the handle "until its next use": copy before going deeper.
  const std::vector<QnnProfile_EventId_t> own(ids, ids + count);
  for (const QnnProfile_EventId_t child : own) {
    RWKV_ASSIGN(ProfileEvent sub, read_event(api, child, depth - 1));
    event.children.push_back(std::move(sub));
  }
  return event;
}

}  // namespace

const ProfileEvent* ProfileEvent::find(uint32_t event_type) const {
  if (type == event_type) return this;
  for (const ProfileEvent& child : children) {
    if (const ProfileEvent* found = child.find(event_type)) return found;
  }
  return nullptr;
}

Result<Profile> Profile::create(const Backend& backend, QnnProfile_Level_t level) {
  const Api& api = backend.api();
  Profile profile;
  if (api.fn.profileCreate == nullptr || api.fn.profileFree == nullptr ||
      api.fn.profileGetEvents == nullptr) {
    return profile;
  }
  const Call call("QnnProfile_create", "level " + std::to_string(level));
  Qnn_ProfileHandle_t handle = nullptr;
  const Qnn_ErrorHandle_t status = api.fn.profileCreate(backend.handle(), level, &handle);
  if (is_unsupported(status)) return profile;
  RWKV_TRY(call.check(status));
  profile.owner_ = OwnedHandle(api, handle, "QnnProfile_free",
                               [](const Api& a, void* h) { return a.fn.profileFree(h); });
  return profile;
}

Result<std::vector<ProfileEvent>> Profile::events() const {
  std::vector<ProfileEvent> events;
  if (owner_.get() == nullptr) return events;
  const QnnProfile_EventId_t* ids = nullptr;
  uint32_t count = 0;
  const Call call("QnnProfile_getEvents", "");
  RWKV_TRY(call.check(owner_.api().fn.profileGetEvents(owner_.get(), &ids, &count)));
  const std::vector<QnnProfile_EventId_t> own(ids, ids + count);
  for (const QnnProfile_EventId_t id : own) {
    RWKV_ASSIGN(ProfileEvent event, read_event(owner_.api(), id, 8));
    events.push_back(std::move(event));
  }
  return events;
}

Estimate estimate_of(const std::vector<ProfileEvent>& events) {
  Estimate estimate;
  const ProfileEvent* root = nullptr;
  for (const ProfileEvent& event : events) {
    root = event.find(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE);
    if (root != nullptr) break;
  }
  if (root == nullptr) return estimate;
  const auto value = [root](uint32_t type) {
    const ProfileEvent* event = root->find(type);
    return event != nullptr ? event->value : 0;
  };
  estimate.known = true;
  estimate.microseconds = value(kHtpEventEstimatedMicroseconds);
  estimate.cycles = value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_SIM_EXEC_CYCLES);
  estimate.lower_cycles =
      value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_SIM_EXEC_LOWER_CYCLES);
  estimate.upper_cycles =
      value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_SIM_EXEC_UPPER_CYCLES);
  estimate.input_fill = value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_INPUT_FILL);
  estimate.intermediate_fill =
      value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_INTERMEDIATE_FILL);
  estimate.intermediate_spill =
      value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_INTERMEDIATE_SPILL);
  estimate.output_spill =
      value(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_OUTPUT_SPILL);
  const ProfileEvent* missing =
      root->find(QNN_HTP_PROFILE_EVENTTYPE_GRAPH_FINALIZE_PERF_ESTIMATE_MISSING_COST_OPS);
  if (missing != nullptr) {
    estimate.ops_without_cost = missing->value;
    for (const ProfileEvent& op : missing->children)
      ++estimate.nodes_without_cost[node_of(op.name)];
  }
  return estimate;
}

}  // namespace rwkv
