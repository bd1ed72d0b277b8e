#include "burst_vote.h"

#include <utility>

#include "HTP/QnnHtpDevice.h"

namespace rwkv {
namespace {

using PowerConfig = QnnHtpPerfInfrastructure_PowerConfig_t;

/// The burst profile: no dynamic scaling, all corners at their highest, little sleep latency.
PowerConfig burst_clocks(uint32_t id) {
  PowerConfig config = {};
  config.option = QNN_HTP_PERF_INFRASTRUCTURE_POWER_CONFIGOPTION_DCVS_V3;
  QnnHtpPerfInfrastructure_DcvsV3_t& vote = config.dcvsV3Config;
  vote.contextId = id;
  vote.setDcvsEnable = 1;
  vote.dcvsEnable = 0;
  vote.powerMode = QNN_HTP_PERF_INFRASTRUCTURE_POWERMODE_PERFORMANCE_MODE;
  vote.setSleepLatency = 1;
  vote.sleepLatency = 40;  // us
  vote.setBusParams = 1;
  vote.busVoltageCornerMin = DCVS_VOLTAGE_VCORNER_MAX_VOLTAGE_CORNER;
  vote.busVoltageCornerTarget = DCVS_VOLTAGE_VCORNER_MAX_VOLTAGE_CORNER;
  vote.busVoltageCornerMax = DCVS_VOLTAGE_VCORNER_MAX_VOLTAGE_CORNER;
  vote.setCoreParams = 1;
  vote.coreVoltageCornerMin = DCVS_VOLTAGE_VCORNER_MAX_VOLTAGE_CORNER;
  vote.coreVoltageCornerTarget = DCVS_VOLTAGE_VCORNER_MAX_VOLTAGE_CORNER;
  vote.coreVoltageCornerMax = DCVS_VOLTAGE_VCORNER_MAX_VOLTAGE_CORNER;
  return config;
}

PowerConfig rpc_latency() {
  PowerConfig config = {};
  config.option = QNN_HTP_PERF_INFRASTRUCTURE_POWER_CONFIGOPTION_RPC_CONTROL_LATENCY;
  config.rpcControlLatencyConfig = 100;  // us
  return config;
}

PowerConfig rpc_polling() {
  PowerConfig config = {};
  config.option = QNN_HTP_PERF_INFRASTRUCTURE_POWER_CONFIGOPTION_RPC_POLLING_TIME;
  config.rpcPollingTimeConfig = QNN_HTP_PERF_INFRASTRUCTURE_POWER_CONFIG_MAX_RPC_POLLING_TIME;
  return config;
}

/// False, and a note in the log, when `status` is a failure.
bool voted(const Call& call, Qnn_ErrorHandle_t status) {
  if (status == QNN_SUCCESS) return true;
  MessageLog::instance().add(QNN_LOG_LEVEL_INFO, call.failure(status).message);
  return false;
}

}  // namespace

BurstVote BurstVote::cast(const Api& api) {
  BurstVote vote;
  if (api.backend_id != kBackendIdHtp || api.fn.deviceGetInfrastructure == nullptr) return vote;
  QnnDevice_Infrastructure_t infrastructure = nullptr;
  const Call get("QnnDevice_getInfrastructure", "");
  if (!voted(get, api.fn.deviceGetInfrastructure(&infrastructure))) return vote;
  if (infrastructure == nullptr ||
      infrastructure->infraType != QNN_HTP_DEVICE_INFRASTRUCTURE_TYPE_PERF) {
    return vote;
  }
  const QnnHtpDevice_PerfInfrastructure_t& perf = infrastructure->perfInfra;
  if (perf.createPowerConfigId == nullptr || perf.setPowerConfig == nullptr ||
      perf.destroyPowerConfigId == nullptr) {
    return vote;
  }
  const Call create("QnnHtpPerfInfrastructure_createPowerConfigId", "");
  if (!voted(create, perf.createPowerConfigId(0, 0, &vote.id_))) return vote;
  vote.destroy_ = perf.destroyPowerConfigId;
  // One call per vote: an arch that lacks one still gets the others.
  for (const PowerConfig& config : {burst_clocks(vote.id_), rpc_latency(), rpc_polling()}) {
    const PowerConfig* configs[] = {&config, nullptr};
    const Call set("QnnHtpPerfInfrastructure_setPowerConfig",
                   "option " + std::to_string(config.option));
    voted(set, perf.setPowerConfig(vote.id_, configs));
  }
  return vote;
}

BurstVote::BurstVote(BurstVote&& other) noexcept
    : destroy_(std::exchange(other.destroy_, nullptr)), id_(other.id_) {}

BurstVote::~BurstVote() {
  if (destroy_ == nullptr) return;
  const Call call("QnnHtpPerfInfrastructure_destroyPowerConfigId", "");
  voted(call, destroy_(id_));
}

}  // namespace rwkv
