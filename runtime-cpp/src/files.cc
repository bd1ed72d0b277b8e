#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rwkv {
namespace {

/// Closes a file descriptor at the end of the scope.
struct Descriptor {
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  const int fd;
};

/// Opens a regular file for reading; `size` becomes its length.
Result<int> open_regular(const std::string& path, uint64_t& size) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error("open", path, errno);
  struct stat info;
  if (::fstat(fd, &info) != 0) {
    const int error_number = errno;
    ::close(fd);
    return file_error("read", path, error_number);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return input_error("file/not-a-file", path + " is not a regular file");
  }
  size = static_cast<uint64_t>(info.st_size);
  return fd;
}

Status write_all(int fd, const char* bytes, size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write", path, errno);
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return Done{};
}

}  // namespace

Error file_error(const std::string& action, const std::string& path, int error_number) {
  const std::string text = "could not " + action + " " + path + ": " + std::strerror(error_number);
  const bool missing = error_number == ENOENT || error_number == ENOTDIR;
  Error error = missing ? missing_error("file/missing", text) : input_error("file/" + action, text);
  error.call = action;
  return error;
}

Result<std::string> read_file(const std::string& path) {
  uint64_t size = 0;
  RWKV_ASSIGN(const int fd, open_regular(path, size));
  const Descriptor owner(fd);
  std::string bytes(size, '\0');
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(fd, &bytes[at], bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read", path, errno);
    if (got == 0) break;
    at += static_cast<size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

Status write_file(const std::string& path, const void* bytes, size_t size) {
  RWKV_ASSIGN(FileWriter writer, FileWriter::create(path));
  RWKV_TRY(writer.write(bytes, size));
  return writer.finish();
}

Result<FileWriter> FileWriter::create(const std::string& path) {
  if (path.empty()) return usage_error("file/no-name", "the name of the file to write is empty");
  struct stat info;
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    return input_error("file/is-a-folder", "could not write " + path + ": it is a folder");
  }
  if (exists && !S_ISREG(info.st_mode)) {
    // A device or a pipe is written to: a rename would put a file in its place.
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return file_error("write", path, errno);
    return FileWriter(path, "", fd);
  }
  // A symbolic link stays; the file that it points to is replaced.
  std::string target = path;
  if (exists) {
    RWKV_ASSIGN(target, full_path(path));
  }
  // The process id keeps two writers of one path apart; the last to finish wins, with a whole file.
  std::string temporary = target + ".tmp" + std::to_string(::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return file_error("write", path, errno);
  return FileWriter(std::move(target), std::move(temporary), fd);
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      fd_(std::exchange(other.fd_, -1)) {}

FileWriter::~FileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status FileWriter::write(const void* bytes, size_t size) {
  return write_all(fd_, static_cast<const char*>(bytes), size, path_);
}

Status FileWriter::finish() {
  // close() reports the write errors that a full or remote disk kept back.
  const bool closed = ::close(std::exchange(fd_, -1)) == 0;
  if (closed && temporary_.empty()) return Done{};
  if (closed && std::rename(temporary_.c_str(), path_.c_str()) == 0) return Done{};
  const int error_number = errno;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  return file_error("write", path_, error_number);
}

Result<uint64_t> file_size(const std::string& path) {
  uint64_t size = 0;
  RWKV_ASSIGN(const int fd, open_regular(path, size));
  ::close(fd);
  return size;
}

bool file_exists(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0;
}

std::string join_path(const std::string& folder, const std::string& name) {
  if (folder.empty()) return name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

Result<std::string> full_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return file_error("open", path, errno);
  std::string text = resolved;
  std::free(resolved);
  return text;
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) return file_error("open", path, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  uint64_t size = 0;
  RWKV_ASSIGN(const int fd, open_regular(path, size));
  const Descriptor owner(fd);
  MappedFile file;
  if (size == 0) return file;  // mmap refuses an empty range
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) return file_error("map", path, errno);
  file.data_ = static_cast<const uint8_t*>(address);
  file.size_ = size;
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace rwkv
