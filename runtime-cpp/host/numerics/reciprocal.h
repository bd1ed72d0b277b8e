#pragma once

namespace qnn_host {

/// What Divide multiplies by at float16: 1 / b as a float16 number, 0 where that would be subnormal
/// (|b| > 16384).
double half_reciprocal(double b);

}  // namespace qnn_host
