#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"

namespace rwkv {

/// All bytes of a regular file. Missing: ErrorKind::kMissing.
Result<std::string> read_file(const std::string& path);

/// Writes a whole file by way of a FileWriter, so that `path` is never half written.
Status write_file(const std::string& path, const void* bytes, size_t size);
inline Status write_file(const std::string& path, std::string_view text) {
  return write_file(path, text.data(), text.size());
}

/// Bytes of a regular file; an error when it is not there.
Result<uint64_t> file_size(const std::string& path);

bool file_exists(const std::string& path);

/// `name` under `folder`.
std::string join_path(const std::string& folder, const std::string& name);

/// The full path, without symbolic links, of something that exists.
Result<std::string> full_path(const std::string& path);

/// Names of a folder's entries, sorted, without "." and "..".
Result<std::vector<std::string>> list_folder(const std::string& path);

/// What errno says about `path`: "open /x/y: No such file or directory".
Error file_error(const std::string& action, const std::string& path, int error_number);

/// Writes a file piece by piece beside `path`; `finish` renames it there. Without `finish` nothing
/// stays. A device or pipe at `path` is written to directly.
class FileWriter {
 public:
  static Result<FileWriter> create(const std::string& path);

  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;
  ~FileWriter();

  Status write(const void* bytes, size_t size);
  Status finish();

 private:
  FileWriter(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

  std::string path_;
  std::string temporary_;  ///< Empty: `path_` itself is open.
  int fd_;
};

/// A file mapped read-only. Move-only; the bytes live as long as this.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace rwkv
