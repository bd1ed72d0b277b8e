#pragma once

#include "api.h"

namespace rwkv {

/// Asks HTP for its highest clocks as long as it lives. Votes that fail are noted in the log and
/// otherwise ignored: they change the speed only.
class BurstVote {
 public:
  static BurstVote cast(const Api& api);
  BurstVote(BurstVote&& other) noexcept;
  BurstVote& operator=(BurstVote&&) = delete;
  ~BurstVote();

  bool active() const { return destroy_ != nullptr; }

 private:
  BurstVote() = default;
  Qnn_ErrorHandle_t (*destroy_)(uint32_t) = nullptr;
  uint32_t id_ = 0;
};

}  // namespace rwkv
