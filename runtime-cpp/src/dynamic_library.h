#pragma once

#include <string>

#include "result.h"

namespace rwkv {

/// A shared library of this process. Loaded once by full path and never unloaded: Qualcomm's
/// libraries keep threads and exit handlers that would run in unmapped code. Copies name the same
/// library.
class DynamicLibrary {
 public:
  /// Missing files and libraries of another machine are told apart, by their ELF header, before
  /// dlopen is asked.
  static Result<DynamicLibrary> open(const std::string& path);

  /// Address of an exported symbol, or null.
  void* find(const char* symbol) const;
  /// As `find`; a missing symbol is an error that says what the library should have been.
  Result<void*> require(const char* symbol, const char* kind_of_library) const;

  const std::string& path() const { return path_; }

 private:
  DynamicLibrary(std::string path, void* handle) : path_(std::move(path)), handle_(handle) {}

  std::string path_;
  void* handle_;
};

/// "x86-64", "AArch64", ... of an ELF file's first bytes; empty when they are no ELF header.
std::string elf_machine(const std::string& first_bytes);

/// The machine that this program was compiled for, spelled the same way.
const char* own_machine();

/// The triple under which a manifest lists this platform's model library, empty where there is
/// none.
const char* own_triple();

}  // namespace rwkv
