#include "QnnError.h"

#include <cstring>
#include <mutex>
#include <set>
#include <string>

#include "fault.h"

using qnn_host::last_fault;

namespace {

struct Message {
  uint32_t code;
  const char* text;
};

// Codes that this backend answers with, and what they mean here.
constexpr Message kMessages[] = {
    {0, "success"},
    {1000, "not supported by the host backend"},
    {1002, "out of memory"},
    {1003, "a system call failed"},
    {1004, "an argument is not valid"},
    {1005, "not permitted in this state"},
    {1006, "the platform is not supported"},
    {1100, "a general failure"},
    {2000, "an unknown property key"},
    {3110, "the op config is refused"},
    {4000, "the backend cannot be initialized"},
    {4002, "the backend cannot be shut down"},
    {4003, "the backend does not compute this op"},
    {4004, "an argument of a backend call is not valid"},
    {4005, "no op package has this op"},
    {4010, "backend configs contradict each other"},
    {4011, "a backend call was given a handle that is not valid"},
    {4012, "a backend config is not valid"},
    {5000, "an argument of a context call is not valid"},
    {5001, "there is no such context"},
    {5002, "a context call was given a handle that is not valid"},
    {5003, "a graph of the context is not finalized"},
    {5004, "the context binary is of another version"},
    {5005, "no context could be made from the binary"},
    {5006, "the context has no binary"},
    {5007, "the buffer for the context binary is too small"},
    {5009, "a context call was given a profile handle that is not valid"},
    {5010, "a context config is not valid"},
    {6000, "an argument or config of a graph call is not valid"},
    {6001, "a graph call was given a handle that is not valid"},
    {6002, "there is no such graph"},
    {6003, "a graph name is missing, in use, or unknown"},
    {6004, "a tensor does not fit the graph"},
    {6005, "the op config is refused"},
    {6006, "a graph call was given a profile handle that is not valid"},
    {6007, "a node reads a tensor that no node before it writes"},
    {6020, "the graph could not be created"},
    {6022, "the graph could not be finalized"},
    {6023, "the graph is not finalized"},
    {6024, "the graph is finalized already"},
    {7001, "a tensor call was given a handle that is not valid"},
    {7002, "there is no such tensor"},
    {7003, "the graph has a tensor of this name already"},
    {7004, "a field of the tensor is not valid"},
    {7005, "a field of the tensor asks for what the backend does not support"},
    {8000, "an argument of a memory call is not valid"},
    {8001, "a memory call was given a handle that is not valid"},
    {8004, "the shape of the memory is not valid"},
    {8005, "an unknown type of memory"},
    {9002, "an argument of a signal call is not valid"},
    {9003, "a signal call was given a handle that is not valid"},
    {10000, "an argument of an error call is not valid"},
    {10001, "not an error code of this backend"},
    {11003, "an argument of a log call is not valid"},
    {11004, "a log call was given a handle that is not valid"},
    {12000, "a profile call was given a handle that is not valid"},
    {14000, "a device call was given a handle that is not valid"},
    {14001, "a device config is not valid"},
    {14003, "a context uses the device"},
    {30001, "the buffer is no context binary of this backend"},
    {30010, "the context binary is truncated or damaged"},
};

const char* message_of(Qnn_ErrorHandle_t error) {
  for (const Message& message : kMessages) {
    if (message.code == (error & 0xFFFF)) return message.text;
  }
  return nullptr;
}

// Texts that clients own, so that one that was not given out is not freed.
struct Given {
  std::mutex mutex;
  std::set<const char*> texts;

  ~Given() {
    for (const char* text : texts) delete[] text;
  }
};

Given& given() {
  static Given instance;
  return instance;
}

}  // namespace

Qnn_ErrorHandle_t QnnError_getMessage(Qnn_ErrorHandle_t errorHandle, const char** errorMessage) {
  if (errorMessage == nullptr) return QNN_ERROR_INVALID_ARGUMENT;
  const char* message = message_of(errorHandle);
  if (message == nullptr) return QNN_ERROR_INVALID_ERROR_HANDLE;
  *errorMessage = message;
  return QNN_SUCCESS;
}

/// The message, and the details of the last failure on this thread if it had this code.
Qnn_ErrorHandle_t QnnError_getVerboseMessage(Qnn_ErrorHandle_t errorHandle,
                                             const char** errorMessage) {
  if (errorMessage == nullptr) return QNN_ERROR_INVALID_ARGUMENT;
  const char* message = message_of(errorHandle);
  if (message == nullptr) return QNN_ERROR_INVALID_ERROR_HANDLE;
  std::string text = message;
  const qnn_host::Fault& last = last_fault();
  if (last && last.code == (errorHandle & 0xFFFF)) text += ": " + last.text;
  char* copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  const std::lock_guard<std::mutex> lock(given().mutex);
  given().texts.insert(copy);
  *errorMessage = copy;
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnError_freeVerboseMessage(const char* errorMessage) {
  const std::lock_guard<std::mutex> lock(given().mutex);
  if (given().texts.erase(errorMessage) == 0) return QNN_ERROR_INVALID_ARGUMENT;
  delete[] errorMessage;
  return QNN_SUCCESS;
}
