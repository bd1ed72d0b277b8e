#pragma once

namespace qnn_host {

// Functions of float16 numbers as the device's vector unit approximates them: of an extended value
// (numerics/float16.h), before the result is rounded by extended_half. Found by comparing all 65536
// arguments with Qualcomm's simulator; how many of the results agree in every bit is said with
// each.

/// 1 / x with 11 significant bits, cut off rather than rounded. 65504 at most; 0 where it would be
/// subnormal (|x| > 16384). 97 %, the others by one unit.
double half_reciprocal(double x);

/// Correctly rounded where exp(x) is a float32, -88 < x < 89 (93 %, the others by one unit).
/// Beyond, the exponent field of the float32 within wraps around into its sign: exp(-100) is
/// -131008, exp(90) is -0. (99 % up to |x| = 1000, 88 % above.)
double half_exp(double x);

/// 99 %, the others by one unit, two next to 1. Exponent 31 is read as exponent 14: log(65536) is
/// log(1/2). log(0) is -7.625. What the device makes of negative numbers has no use: here the
/// largest number, which reads as a NaN.
double half_log(double x);

/// 99 %, the others by one unit. What the device makes of negative numbers has no use: here the
/// most negative number, which reads as a NaN.
double half_square_root(double x);

/// 99 %, the others by one unit. 12856 of 0, -0.196 of -0; the largest number, which reads as a
/// NaN, of negative ones.
double half_rsqrt(double x);

/// The larger of 0 and x; a positive NaN becomes infinity.
double half_relu(double x);

}  // namespace qnn_host
