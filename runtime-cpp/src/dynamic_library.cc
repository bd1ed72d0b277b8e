#include "dynamic_library.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>

#include "files.h"

namespace rwkv {
namespace {

constexpr size_t kElfHeaderBytes = 20;  // up to and with e_machine

std::string first_bytes(const std::string& path) {
  std::string bytes(kElfHeaderBytes, '\0');
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return "";
  bytes.resize(std::fread(&bytes[0], 1, bytes.size(), file));
  std::fclose(file);
  return bytes;
}

}  // namespace

std::string elf_machine(const std::string& bytes) {
  if (bytes.size() < kElfHeaderBytes || bytes.compare(0, 4,
                                                      "\x7F"
                                                      "ELF") != 0)
    return "";
  const bool big_endian = bytes[5] == 2;
  const unsigned low = static_cast<unsigned char>(bytes[big_endian ? 19 : 18]);
  const unsigned high = static_cast<unsigned char>(bytes[big_endian ? 18 : 19]);
  switch (high << 8 | low) {  // e_machine of the ELF specification
    case 3:
      return "x86";
    case 40:
      return "ARM";
    case 62:
      return "x86-64";
    case 164:
      return "Hexagon";
    case 183:
      return "AArch64";
    case 243:
      return "RISC-V";
    default:
      return "machine " + std::to_string(high << 8 | low);
  }
}

const char* own_machine() {
#if defined(__x86_64__)
  return "x86-64";
#elif defined(__aarch64__)
  return "AArch64";
#else
  return "another machine";
#endif
}

const char* own_triple() {
#if defined(__aarch64__) && defined(__ANDROID__)
  return "aarch64-android";
#elif defined(__aarch64__) && defined(__linux__)
  return "aarch64-linux";
#elif defined(__x86_64__) && defined(__linux__)
  return "x86_64-linux";
#else
  return "";
#endif
}

Result<DynamicLibrary> DynamicLibrary::open(const std::string& path) {
  Result<std::string> full = full_path(path);
  if (!full.ok()) {
    return missing_error("library/missing", "there is no library " + path,
                         "`rwkvc doctor` lists the QNN libraries that were found.");
  }
  const std::string machine = elf_machine(first_bytes(full.value()));
  if (machine.empty()) {
    return missing_error("library/not-elf",
                         full.value() + " is not a shared library: it has no ELF header");
  }
  if (machine != own_machine()) {
    return missing_error(
        "library/wrong-machine",
        full.value() + " is for " + machine + ", this program runs on " + own_machine(),
        machine == "Hexagon" ? "Skel libraries run on the NPU; pass the host library, libQnnHtp.so."
                             : "Pass the library of the SDK's folder for this machine.");
  }
  void* handle = ::dlopen(full.value().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = ::dlerror();
    Error error =
        missing_error("library/load", "could not load " + full.value() + ": " +
                                          (reason != nullptr ? reason : "no reason given"));
    error.call = "dlopen";
    error.hint =
        "Keep the libraries of one package together: they find one another by their folder.";
    return error;
  }
  return DynamicLibrary(std::move(full).value(), handle);
}

void* DynamicLibrary::find(const char* symbol) const {
  return ::dlsym(handle_, symbol);
}

Result<void*> DynamicLibrary::require(const char* symbol, const char* kind_of_library) const {
  void* address = find(symbol);
  if (address != nullptr) return address;
  Error error = missing_error(
      "library/wrong-kind", path_ + " is not " + kind_of_library + ": it has no symbol " + symbol);
  error.call = "dlsym";
  return error;
}

}  // namespace rwkv
