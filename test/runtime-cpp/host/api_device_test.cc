// Devices, memory, signals, and the table of what the host backend offers beyond the API.

#include "api_client.h"

using namespace client;

namespace {

TEST(Device, IsTheProcessorWithItsCores) {
  Qnn_DeviceHandle_t device = nullptr;
  ASSERT_OK(qnn().deviceCreate(nullptr, nullptr, &device));
  const QnnDevice_PlatformInfo_t* info = nullptr;
  ASSERT_OK(qnn().deviceGetInfo(device, &info));
  ASSERT_EQ(QNN_DEVICE_PLATFORM_INFO_VERSION_1, info->version);
  ASSERT_EQ(1u, info->v1.numHwDevices);
  EXPECT_GE(info->v1.hwDevices[0].v1.numCores, 1u);
  QnnDevice_Config_t config = QNN_DEVICE_CONFIG_INIT;
  config.option = QNN_DEVICE_CONFIG_OPTION_PLATFORM_INFO;
  config.hardwareInfo = const_cast<QnnDevice_PlatformInfo_t*>(info);
  const QnnDevice_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(0, qnn().deviceSetConfig(device, configs));
  config.hardwareInfo = nullptr;
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_CONFIG, qnn().deviceSetConfig(device, configs));
  config.option = QNN_DEVICE_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_CONFIG, qnn().deviceSetConfig(device, configs));
  EXPECT_CODE(0, qnn().deviceFree(device));
}

TEST(Device, PlatformInfoIsGivenBackOnce) {
  const QnnDevice_PlatformInfo_t* info = nullptr;
  ASSERT_OK(qnn().deviceGetPlatformInfo(nullptr, &info));
  EXPECT_EQ(1u, info->v1.numHwDevices);
  EXPECT_CODE(0, qnn().deviceFreePlatformInfo(nullptr, info));
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_ARGUMENT, qnn().deviceFreePlatformInfo(nullptr, info));
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_ARGUMENT, qnn().deviceFreePlatformInfo(nullptr, nullptr));
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_ARGUMENT, qnn().deviceGetPlatformInfo(nullptr, nullptr));
}

TEST_F(Session, ADeviceIsNotFreedWhileAContextUsesIt) {
  Qnn_DeviceHandle_t device = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  ASSERT_OK(qnn().deviceCreate(log_, nullptr, &device));
  ASSERT_OK(qnn().contextCreate(backend_, device, nullptr, &context));
  EXPECT_CODE(QNN_DEVICE_ERROR_ASSOCIATED_TO_CONTEXT, qnn().deviceFree(device));
  EXPECT_CODE(0, qnn().contextFree(context, nullptr));
  EXPECT_CODE(0, qnn().deviceFree(device));
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_HANDLE, qnn().deviceFree(device));
}

TEST_F(Session, MemoryOfAcceleratorsIsCheckedThenNotSupported) {
  uint32_t size = 64;
  Qnn_MemDescriptor_t memory = QNN_MEM_DESCRIPTOR_INIT;
  memory.memShape = {1, &size, nullptr};
  memory.dataType = QNN_DATATYPE_FLOAT_16;
  memory.memType = QNN_MEM_TYPE_ION;
  memory.ionInfo.fd = 3;
  Qnn_MemHandle_t handle = nullptr;
  EXPECT_CODE(QNN_MEM_ERROR_NOT_SUPPORTED, qnn().memRegister(context_, &memory, 1, &handle));
  memory.ionInfo.fd = QNN_MEM_INVALID_FD;
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_ARGUMENT, qnn().memRegister(context_, &memory, 1, &handle));
  memory.memType = QNN_MEM_TYPE_DMA_BUF;
  memory.dmaBufInfo = {QNN_MEM_INVALID_FD, nullptr};
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_ARGUMENT, qnn().memRegister(context_, &memory, 1, &handle));
  memory.memType = QNN_MEM_TYPE_UNDEFINED;
  EXPECT_CODE(QNN_MEM_ERROR_UNSUPPORTED_MEMTYPE, qnn().memRegister(context_, &memory, 1, &handle));
  memory.memShape = {0, nullptr, nullptr};
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_SHAPE, qnn().memRegister(context_, &memory, 1, &handle));
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_ARGUMENT, qnn().memRegister(context_, &memory, 0, &handle));
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_ARGUMENT, qnn().memRegister(context_, nullptr, 1, &handle));
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_HANDLE, qnn().memRegister(backend_, &memory, 1, &handle));
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_HANDLE, qnn().memDeRegister(&context_, 1));
  EXPECT_CODE(QNN_MEM_ERROR_INVALID_ARGUMENT, qnn().memDeRegister(nullptr, 0));
}

TEST_F(Session, SignalsAreNotSupported) {
  Qnn_SignalHandle_t signal = nullptr;
  EXPECT_CODE(QNN_SIGNAL_ERROR_UNSUPPORTED, qnn().signalCreate(backend_, nullptr, &signal));
  EXPECT_CODE(QNN_SIGNAL_ERROR_INVALID_ARGUMENT, qnn().signalCreate(backend_, nullptr, nullptr));
  EXPECT_CODE(QNN_SIGNAL_ERROR_INVALID_HANDLE, qnn().signalCreate(context_, nullptr, &signal));
  EXPECT_CODE(QNN_SIGNAL_ERROR_INVALID_HANDLE, qnn().signalSetConfig(signal, nullptr));
  EXPECT_CODE(QNN_SIGNAL_ERROR_INVALID_HANDLE, qnn().signalTrigger(backend_));
  EXPECT_CODE(QNN_SIGNAL_ERROR_INVALID_HANDLE, qnn().signalFree(signal));
}

TEST(Infrastructure, IsTheHostsOwnTable) {
  QnnDevice_Infrastructure_t device = nullptr;
  EXPECT_CODE(QNN_DEVICE_ERROR_INVALID_ARGUMENT, qnn().deviceGetInfrastructure(nullptr));
  ASSERT_OK(qnn().deviceGetInfrastructure(&device));
  const auto* table = reinterpret_cast<const QnnHostDevice_Infrastructure_t*>(device);
  EXPECT_EQ(sizeof *table, table->size);
  EXPECT_STRNE("", table->instructionSet());
  const QnnHostGraph_Overflow_t* overflow = nullptr;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, table->graphGetOverflow(nullptr, &overflow));
}

}  // namespace
