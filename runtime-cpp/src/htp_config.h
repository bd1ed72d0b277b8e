#pragma once

// HTP option records that are right for every API generation.
//
// The vendor's structs changed size and layout between generations (see HTP/QnnHtpDevice.h and
// HTP/QnnHtpGraph.h), so nothing here uses them: a record is a run of zeroed bytes, long enough for
// all generations, with option and payload put where each reads them. Option numbers are our own
// constants, as older headers lack the newer enumerators.
//
//   HtpGraphConfig precision = htp_precision_config(QNN_PRECISION_FLOAT16);
//   QnnGraph_Config_t config = as_graph_config(precision);
//   const QnnGraph_Config_t* configs[] = {&config, nullptr};
//
// A core config points to its record: keep both until the create call returns.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "QnnContext.h"
#include "QnnDevice.h"
#include "QnnGraph.h"
#include "QnnTypes.h"

namespace rwkv {

/// Zeroed bytes with the alignment of the vendor's records.
template <size_t Size>
struct alignas(8) HtpRecord {
  unsigned char bytes[Size] = {};

  /// `value` at byte `offset`, as the target reads it.
  template <typename Value>
  void put(size_t offset, Value value) {
    static_assert(sizeof(Value) <= 8, "payloads are scalars");
    std::memcpy(bytes + offset, &value, sizeof value);
  }
};

using HtpDeviceConfig = HtpRecord<16>;   ///< 12 or 16 bytes are read
using HtpGraphConfig = HtpRecord<64>;    ///< 16 up to HTP API 5.25, 56 from 5.36 on
using HtpContextConfig = HtpRecord<64>;  ///< 24 since HTP API 5.25

// ------------------------------------------------------------------------------------------ Device

constexpr uint32_t kHtpDeviceSoc = 0;

/// The SoC by its number; arch and VTCM come with it. Libraries accept unknown numbers and compile
/// for v68: check the number first. The payload is read at 4 or at 8, not monotonic in the version;
/// the other place is padding or unused, so both get the number.
inline HtpDeviceConfig htp_soc_config(uint32_t soc_model) {
  HtpDeviceConfig record;
  record.put(0, kHtpDeviceSoc);
  record.put(4, soc_model);
  record.put(8, soc_model);
  return record;
}

inline QnnDevice_Config_t as_device_config(HtpDeviceConfig& record) {
  QnnDevice_Config_t config = QNN_DEVICE_CONFIG_INIT;
  config.option = QNN_DEVICE_CONFIG_OPTION_CUSTOM;
  config.customConfig = record.bytes;
  return config;
}

// ------------------------------------------------------------------------------------------- Graph

constexpr uint32_t kHtpGraphOptimization = 1;
constexpr uint32_t kHtpGraphPrecision = 2;
constexpr uint32_t kHtpGraphVtcmSizeInMb = 3;
constexpr uint32_t kHtpGraphNumHvxThreads = 6;
constexpr uint32_t kHtpGraphHighPrecisionSigmoid = 16;

/// First HTP API minor known to have the option. Older libraries accept the number in silence and
/// do nothing, so test backendApiVersion before relying on it.
constexpr uint32_t kHtpHighPrecisionSigmoidMinor = 40;

constexpr uint32_t kHtpOptimizationLevel = 3;  ///< effort of finalize
constexpr uint32_t kHtpOptimizationDlbc = 4;   ///< compression of activations, 0 or 1
constexpr uint32_t kHtpOptimizationDlbcWeights = 5;

namespace detail {

/// Option at 0, payload at 8: true of graph and context records in every generation.
template <typename Record, typename Value>
Record htp_option(uint32_t option, Value payload) {
  Record record;
  record.put(0, option);
  record.put(8, payload);
  return record;
}

}  // namespace detail

/// `type` is one of kHtpOptimization*; the value is a float whatever it means.
inline HtpGraphConfig htp_optimization_config(uint32_t type, float value) {
  auto record = detail::htp_option<HtpGraphConfig>(kHtpGraphOptimization, type);
  record.put(12, value);
  return record;
}

/// FLOAT16 makes float32 graphs run in half precision. SoCs without a float unit still answer 0.
inline HtpGraphConfig htp_precision_config(Qnn_Precision_t precision) {
  return detail::htp_option<HtpGraphConfig>(kHtpGraphPrecision, static_cast<uint32_t>(precision));
}

/// 0 = the most the SoC has. Without this option a graph gets 4 MB, on 8 MB SoCs too; sizes above
/// the SoC's are not refused.
inline HtpGraphConfig htp_vtcm_config(uint32_t megabytes) {
  return detail::htp_option<HtpGraphConfig>(kHtpGraphVtcmSizeInMb, megabytes);
}

/// Clipped by the library, with a warning, to what the SoC has.
inline HtpGraphConfig htp_hvx_threads_config(uint64_t threads) {
  return detail::htp_option<HtpGraphConfig>(kHtpGraphNumHvxThreads, threads);
}

inline HtpGraphConfig htp_high_precision_sigmoid_config(bool enabled) {
  return detail::htp_option<HtpGraphConfig>(kHtpGraphHighPrecisionSigmoid, enabled);
}

inline QnnGraph_Config_t as_graph_config(HtpGraphConfig& record) {
  QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
  config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
  config.customConfig = record.bytes;
  return config;
}

// ----------------------------------------------------------------------------------------- Context

constexpr uint32_t kHtpContextWeightSharing = 1;

/// Equal static tensors of the context's graphs are stored once. For the context in which the
/// graphs are made; a PC can write such a binary but not load it (1000).
inline HtpContextConfig htp_weight_sharing_config(bool enabled) {
  return detail::htp_option<HtpContextConfig>(kHtpContextWeightSharing, enabled);
}

inline QnnContext_Config_t as_context_config(HtpContextConfig& record) {
  QnnContext_Config_t config = QNN_CONTEXT_CONFIG_INIT;
  config.option = QNN_CONTEXT_CONFIG_OPTION_CUSTOM;
  config.customConfig = record.bytes;
  return config;
}

// ------------------------------------------------------------------------------------------ Events

// Finalize estimates in us, from HTP API 5.50 on; no public header names them.
constexpr uint32_t kHtpEventEstimatedMicroseconds = 2019;
constexpr uint32_t kHtpEventEstimatedMicrosecondsLower = 2020;
constexpr uint32_t kHtpEventEstimatedMicrosecondsUpper = 2021;

}  // namespace rwkv
