#pragma once

#include <vector>

#include "Host/QnnHost.h"
#include "memory_plan.h"

namespace qnn_host {

/// Weight bytes, packed bytes, products and steps of one execution; the rest is 0.
QnnHostGraph_Footprint_t footprint_of(const GraphModel& model, const std::vector<Step>& steps);

}  // namespace qnn_host
