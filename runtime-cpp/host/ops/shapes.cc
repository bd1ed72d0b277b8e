#include "shapes.h"

#include "fixed_tensors.h"

#include <algorithm>

namespace qnn_host {

std::string text_of(const Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(dims[i]);
  return text + "]";
}

uint64_t product(const Dims& dims, size_t from, size_t to) {
  uint64_t count = 1;
  for (size_t i = from; i < to; ++i) count *= dims[i];
  return count;
}

std::vector<uint64_t> row_major_strides(const Dims& dims) {
  std::vector<uint64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

bool broadcast(const Dims& a, const Dims& b, Dims* out) {
  out->assign(std::max(a.size(), b.size()), 1);
  for (size_t back = 1; back <= out->size(); ++back) {
    const uint32_t left = back <= a.size() ? a[a.size() - back] : 1;
    const uint32_t right = back <= b.size() ? b[b.size() - back] : 1;
    if (left != right && left != 1 && right != 1) return false;
    (*out)[out->size() - back] = left == 1 ? right : left;
  }
  return true;
}

std::vector<uint64_t> broadcast_strides(const Dims& in, const Dims& out) {
  const std::vector<uint64_t> own = row_major_strides(in);
  std::vector<uint64_t> strides(out.size(), 0);
  for (size_t back = 1; back <= in.size() && back <= out.size(); ++back) {
    if (in[in.size() - back] != 1) strides[out.size() - back] = own[in.size() - back];
  }
  return strides;
}

void Walk::next() {
  for (size_t axis = dims_.size(); axis-- > 0;) {
    offset_ += strides_[axis];
    if (++index_[axis] < dims_[axis]) return;
    offset_ -= strides_[axis] * dims_[axis];
    index_[axis] = 0;
  }
}

namespace {

std::string counted(size_t found, size_t least, size_t most, const char* what) {
  if (found >= least && (most == 0 || found <= most)) return "";
  std::string expected = std::to_string(least);
  if (most == 0) expected += " or more";
  if (most > least) expected += " to " + std::to_string(most);
  return std::to_string(found) + " " + what + " were given, " + expected + " were expected";
}

std::string sized(const Tensor& tensor) {
  uint64_t count = 1;
  for (const uint32_t extent : tensor.dims) {
    if (extent == 0)
      return "tensor " + tensor.name + " " + text_of(tensor.dims) + " has an extent of 0";
    if (count > kMaxElements / extent)
      return "tensor " + tensor.name + " " + text_of(tensor.dims) + " has more than 2^40 elements";
    count *= extent;
  }
  return "";
}

std::string of_one_type(const std::vector<const Tensor*>& tensors, size_t count, const Tensor& as) {
  for (size_t i = 0; i < tensors.size() && i < count; ++i) {
    if (tensors[i]->dtype != as.dtype)
      return "tensor " + tensors[i]->name + " is " + dtype_name(tensors[i]->dtype) + ", " +
             as.name + " is " + dtype_name(as.dtype) + ": they must be of one type";
  }
  return "";
}

/// For tensors whose bits are those of `as`.
std::string of_one_encoding(const std::vector<const Tensor*>& tensors, size_t count,
                            const Tensor& as) {
  std::string fault = check_one_scale(as);
  for (size_t i = 0; i < tensors.size() && i < count && fault.empty(); ++i)
    fault = check_same_encoding(*tensors[i], as);
  return fault;
}

}  // namespace

std::string check_count(const Op& op, size_t least_inputs, size_t most_inputs, size_t least_outputs,
                        size_t most_outputs) {
  std::string fault = counted(op.inputs.size(), least_inputs, most_inputs, "inputs");
  if (fault.empty()) fault = counted(op.outputs.size(), least_outputs, most_outputs, "outputs");
  for (const Tensor* tensor : op.inputs) {
    if (fault.empty()) fault = sized(*tensor);
  }
  for (const Tensor* tensor : op.outputs) {
    if (fault.empty()) fault = sized(*tensor);
  }
  return fault;
}

std::string check_types(const Op& op, std::initializer_list<Qnn_DataType_t> allowed) {
  const Tensor& output = *op.outputs[0];
  if (std::find(allowed.begin(), allowed.end(), output.dtype) == allowed.end()) {
    std::string names;
    for (const Qnn_DataType_t each : allowed)
      names += (names.empty() ? "" : ", ") + std::string(dtype_name(each));
    return "output " + output.name + " is " + dtype_name(output.dtype) +
           ", this op is computed for " + names;
  }
  return first_fault([&] { return of_one_type(op.inputs, op.inputs.size(), output); },
                     [&] { return of_one_type(op.outputs, op.outputs.size(), output); });
}

std::string check_moved_types(const Op& op, size_t inputs) {
  const Tensor& first = *op.inputs[0];
  if (element_size(first.dtype) == 0)
    return "input " + first.name + " is of a type that the backend does not know";
  return first_fault([&] { return of_one_type(op.inputs, inputs, first); },
                     [&] { return of_one_type(op.outputs, op.outputs.size(), first); },
                     [&] { return of_one_encoding(op.inputs, inputs, first); },
                     [&] { return of_one_encoding(op.outputs, op.outputs.size(), first); });
}

std::string check_dims(const Tensor& tensor, const Dims& expected, const std::string& why) {
  if (tensor.dims == expected) return "";
  return "tensor " + tensor.name + " is " + text_of(tensor.dims) + ", " + text_of(expected) +
         " was expected: " + why;
}

std::string check_axis(int64_t axis, size_t rank, const char* param) {
  if (axis >= 0 && axis < static_cast<int64_t>(rank)) return "";
  return std::string(param) + " names axis " + std::to_string(axis) + " of a tensor of rank " +
         std::to_string(rank) + ": 0 to " + std::to_string(rank - 1) + " were expected";
}

std::string check_axes(const std::vector<int32_t>& axes, size_t rank, const char* param) {
  if (axes.empty()) return std::string(param) + " names no axis: at least one was expected";
  for (size_t i = 0; i < axes.size(); ++i) {
    const std::string fault = check_axis(axes[i], rank, param);
    if (!fault.empty()) return fault;
    if (std::count(axes.begin(), axes.end(), axes[i]) > 1)
      return std::string(param) + " names axis " + std::to_string(axes[i]) + " more than once";
  }
  return "";
}

}  // namespace qnn_host
