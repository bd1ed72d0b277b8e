#pragma once

namespace qnn_host {

// Sigmoid and Tanh of float16 numbers as the device computes them, in two ways: by itself, or fused
// behind a matrix product or an addition (ops/half_rules.h says when). Of an extended value
// (numerics/float16.h), before rounding by ieee_half. Found by comparing all arguments with
// Qualcomm's simulator.

/// On the grid 1/2048, of which multiples of 1/512 other than 0 and 1 never occur: 0.50049 for 0. 0
/// below -8.95. 99.8 % as the simulator in every bit (99.4 % for 0.03 < |x| < 9), the others by
/// one or two steps of the grid: 9.8e-4.
double half_sigmoid(double x);

/// 97 % as the simulator in every bit, the others by one or two units. tanh(0) is -0.
double half_tanh(double x);

/// A straight line up to 0.8437, a polynomial of degree 4 up to 5.6757, then 0 or 1; off the true
/// function by up to 3.8e-3. 98.8 % as the simulator, the others by 1/2048 at most.
double fused_half_sigmoid(double x);

/// A straight line up to 0.3926, a polynomial of degree 4 up to 2.836, then -1 or 1; off the true
/// function by up to 7.5e-3. 99.2 % as the simulator, the others by one unit.
double fused_half_tanh(double x);

}  // namespace qnn_host
