#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel.h"
#include "numerics/fixed_point.h"

namespace qnn_host {

/// The numbers that a fixed-point tensor with one scale holds.
FixedCode code_of(const Tensor& tensor);

/// Stored integer `index` of a fixed-point tensor's data.
int32_t stored_at(const uint8_t* data, Qnn_DataType_t dtype, uint64_t index);
/// Stores an integer that the type can hold; not for packed elements.
void put_stored(uint8_t* data, Qnn_DataType_t dtype, uint64_t index, int32_t stored);

/// Empty, or that a tensor has a scale per slice where there is to be one.
std::string check_one_scale(const Tensor& tensor);
/// Of ops that move bits: outputs must have the encoding of the inputs.
std::string check_same_encoding(const Tensor& tensor, const Tensor& as);
/// All inputs and outputs are of output 0's type, which is fixed point with one scale.
std::string check_fixed_types(const Op& op);

/// Values of a static tensor.
std::vector<double> static_values(const Tensor& tensor);

}  // namespace qnn_host
