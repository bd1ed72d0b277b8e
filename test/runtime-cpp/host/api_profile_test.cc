// Profiles: the times of the last call that was given them.

#include "api_client.h"

using namespace client;

namespace {

class Profiles : public SmallGraph {
 protected:
  struct Read {
    QnnProfile_EventData_t data = QNN_PROFILE_EVENT_DATA_INIT;
    std::vector<QnnProfile_EventId_t> children;
  };
  void open(QnnProfile_Level_t level) {
    ASSERT_OK(qnn().profileCreate(backend_, level, &profile_));
  }
  std::vector<QnnProfile_EventId_t> events() {
    const QnnProfile_EventId_t* ids = nullptr;
    uint32_t count = 0;
    EXPECT_CODE(0, qnn().profileGetEvents(profile_, &ids, &count));
    return {ids, ids + count};
  }
  Read read(QnnProfile_EventId_t id) {
    Read result;
    const QnnProfile_EventId_t* ids = nullptr;
    uint32_t count = 0;
    EXPECT_CODE(0, qnn().profileGetEventData(id, &result.data));
    EXPECT_CODE(0, qnn().profileGetSubEvents(id, &ids, &count));
    result.children.assign(ids, ids + count);
    return result;
  }
  void TearDown() override {
    EXPECT_CODE(0, qnn().profileFree(profile_));
    SmallGraph::TearDown();
  }
  Qnn_ProfileHandle_t profile_ = nullptr;
};

TEST_F(Profiles, BasicOnesHoldTheTotalOfTheLastCall) {
  open(QNN_PROFILE_LEVEL_BASIC);
  EXPECT_TRUE(events().empty());
  ASSERT_OK(qnn().graphFinalize(graph_, profile_, nullptr));
  ASSERT_EQ(1u, events().size());
  const QnnProfile_EventId_t first = events()[0];
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_FINALIZE), read(first).data.type);
  give(&x_, input_);
  give(&y_, output_);
  ASSERT_OK(execute(profile_));
  ASSERT_EQ(1u, events().size());
  const Read event = read(events()[0]);
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_EXECUTE), event.data.type);
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTUNIT_MICROSEC), event.data.unit);
  EXPECT_STREQ("execute graph", event.data.identifier);
  EXPECT_TRUE(event.children.empty());
  // The event of the call before is gone.
  QnnProfile_EventData_t data;
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetEventData(first, &data));
}

TEST_F(Profiles, DetailedOnesNameTheNodes) {
  open(QNN_PROFILE_LEVEL_DETAILED);
  finalize();
  ASSERT_OK(execute(profile_));
  const Read total = read(events()[0]);
  ASSERT_FALSE(total.children.empty());
  uint64_t sum = 0;
  for (const QnnProfile_EventId_t id : total.children) {
    const Read child = read(id);
    EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_NODE), child.data.type);
    sum += child.data.value;
  }
  EXPECT_LE(sum, total.data.value);
  // A chain of nodes may be one step, named after its last node.
  EXPECT_STREQ("relu", read(total.children.back()).data.identifier);
}

TEST_F(Profiles, ExtendedDataSayTheSame) {
  open(QNN_PROFILE_LEVEL_BASIC);
  finalize();
  ASSERT_OK(execute(profile_));
  QnnProfile_ExtendedEventData_t extended = QNN_PROFILE_EXTENDED_EVENT_DATA_INIT;
  ASSERT_OK(qnn().profileGetExtendedEventData(events()[0], &extended));
  const Read plain = read(events()[0]);
  EXPECT_EQ(QNN_PROFILE_DATA_VERSION_1, extended.version);
  EXPECT_EQ(plain.data.type, extended.v1.type);
  EXPECT_EQ(plain.data.value, extended.v1.value.uint64Value);
  EXPECT_EQ(QNN_DATATYPE_UINT_64, extended.v1.value.dataType);
  EXPECT_STREQ(plain.data.identifier, extended.v1.identifier);
}

TEST_F(Profiles, HoldNoMoreEventsThanTheyMay) {
  open(QNN_PROFILE_LEVEL_DETAILED);
  QnnProfile_Config_t config = QNN_PROFILE_CONFIG_INIT;
  config.option = QNN_PROFILE_CONFIG_OPTION_MAX_EVENTS;
  config.numMaxEvents = 1;
  const QnnProfile_Config_t* configs[] = {&config, nullptr};
  ASSERT_OK(qnn().profileSetConfig(profile_, configs));
  finalize();
  ASSERT_OK(execute(profile_));
  EXPECT_TRUE(read(events()[0]).children.empty());
}

TEST_F(Profiles, RefuseWhatTheyDoNotKnow) {
  open(QNN_PROFILE_LEVEL_BASIC);
  Qnn_ProfileHandle_t profile = nullptr;
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_HANDLE, qnn().profileCreate(context_, 1, &profile));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileCreate(backend_, 1, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileCreate(backend_, 3, &profile));
  QnnProfile_Config_t config = QNN_PROFILE_CONFIG_INIT;
  const QnnProfile_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(0, qnn().profileSetConfig(profile_, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileSetConfig(profile_, configs));
  config.option = QNN_PROFILE_CONFIG_OPTION_ENABLE_OPTRACE;
  config.enableOptrace = 1;
  EXPECT_CODE(QNN_PROFILE_ERROR_UNSUPPORTED, qnn().profileSetConfig(profile_, configs));
  config.option = QNN_PROFILE_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_PROFILE_ERROR_UNSUPPORTED, qnn().profileSetConfig(profile_, configs));
  uint32_t count = 0;
  const QnnProfile_EventId_t* ids = nullptr;
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT,
              qnn().profileGetEvents(profile_, nullptr, &count));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_HANDLE, qnn().profileGetEvents(graph_, &ids, &count));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetSubEvents(1, &ids, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetSubEvents(~0ull, &ids, &count));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetEventData(0, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_HANDLE, qnn().profileFree(graph_));
}

TEST_F(SmallGraph, FreeingAContextIsTimed) {
  Qnn_ContextHandle_t context = nullptr;
  Qnn_ProfileHandle_t profile = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &context));
  ASSERT_OK(qnn().profileCreate(backend_, QNN_PROFILE_LEVEL_BASIC, &profile));
  ASSERT_OK(qnn().contextFree(context, profile));
  const QnnProfile_EventId_t* ids = nullptr;
  uint32_t count = 0;
  ASSERT_OK(qnn().profileGetEvents(profile, &ids, &count));
  ASSERT_EQ(1u, count);
  QnnProfile_EventData_t data;
  ASSERT_OK(qnn().profileGetEventData(ids[0], &data));
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_DEINIT), data.type);
  EXPECT_CODE(0, qnn().profileFree(profile));
}

}  // namespace
