#include "weights.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef RWKVC_EMBED_WEIGHTS
extern "C" const uint8_t rwkvc_embedded_weights[];
extern "C" const uint8_t rwkvc_embedded_weights_end[];
#endif

namespace rwkvc {
namespace {

bool has_id(const WeightsHeader& header, const char* id) {
  char text[2 * sizeof header.id + 1];
  for (size_t i = 0; i < sizeof header.id; ++i) snprintf(text + 2 * i, 3, "%02x", header.id[i]);
  return strcmp(text, id) == 0;
}

// Empty message: these bytes are the weights that belong to the library.
void check(const WeightsFile& file, const char* where, const uint8_t* data, uint64_t bytes,
           char* message, size_t size) {
  message[0] = '\0';
  if (bytes != file.bytes) {
    snprintf(message, size,
             "%s has %llu bytes, but this model library was built with one of %llu bytes", where,
             static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(file.bytes));
    return;
  }
  WeightsHeader header;
  memcpy(&header, data, sizeof header);
  if (memcmp(header.magic, "RWKVCWTS", 8) != 0 || header.version != 1 ||
      header.file_bytes != bytes) {
    snprintf(message, size, "%s is not a weights file of rwkvc", where);
  } else if (!has_id(header, file.id)) {
    snprintf(message, size, "%s belongs to another build: its id is not %.16s...", where, file.id);
  }
}

#ifndef RWKVC_EMBED_WEIGHTS

// The mapping is shared by all compositions in the process and undone when the library is unloaded.
struct Mapping {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  uint8_t* data = nullptr;
  uint64_t bytes = 0;
  ~Mapping() {
    if (data != nullptr) munmap(data, bytes);
  }
};
Mapping mapping;

// Folder of this library with a slash at its end, or "" for the current one.
void library_folder(char* folder, size_t size) {
  Dl_info info;
  folder[0] = '\0';
  if (dladdr(reinterpret_cast<const void*>(&mapping), &info) == 0 || info.dli_fname == nullptr)
    return;
  const char* slash = strrchr(info.dli_fname, '/');
  if (slash == nullptr) return;
  const auto length = static_cast<size_t>(slash + 1 - info.dli_fname);
  if (length >= size) return;
  memcpy(folder, info.dli_fname, length);
  folder[length] = '\0';
}

void map_file(const WeightsFile& file, const char* path, int descriptor, WeightsView* view) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    snprintf(view->message, sizeof view->message, "%s is not a file", path);
    return;
  }
  const auto bytes = static_cast<uint64_t>(status.st_size);
  if (bytes < sizeof(WeightsHeader)) {
    snprintf(view->message, sizeof view->message, "%s is too short (%llu bytes)", path,
             static_cast<unsigned long long>(bytes));
    return;
  }
  void* data = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED) {
    snprintf(view->message, sizeof view->message, "%s cannot be mapped: %.100s", path,
             strerror(errno));
    return;
  }
  check(file, path, static_cast<uint8_t*>(data), bytes, view->message, sizeof view->message);
  if (view->message[0] != '\0') {
    munmap(data, bytes);
    return;
  }
  mapping.data = static_cast<uint8_t*>(data);
  mapping.bytes = bytes;
}

void find_and_map(const WeightsFile& file, WeightsView* view) {
  char folder[3000];
  library_folder(folder, sizeof folder);
  // Beside the library, and where an artefact keeps it: lib/<triple>/libNAME.so and weights.bin.
  const char* const places[] = {"", "../../"};
  for (const char* place : places) {
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", folder, place, file.name);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) continue;
    if (descriptor < 0) {
      snprintf(view->message, sizeof view->message, "%s cannot be opened: %.100s", path,
               strerror(errno));
    } else {
      map_file(file, path, descriptor, view);
      close(descriptor);
    }
    return;
  }
  snprintf(view->message, sizeof view->message, "%s is neither in %s nor two folders up", file.name,
           folder[0] == '\0' ? "the current folder" : folder);
}

#endif  // RWKVC_EMBED_WEIGHTS

}  // namespace

#ifdef RWKVC_EMBED_WEIGHTS

void open_weights(const WeightsFile& file, WeightsView* view) {
  view->data = rwkvc_embedded_weights;
  view->bytes = static_cast<uint64_t>(rwkvc_embedded_weights_end - rwkvc_embedded_weights);
  check(file, "the embedded weights", view->data, view->bytes, view->message, sizeof view->message);
  if (view->message[0] != '\0') view->data = nullptr;
}

#else

void open_weights(const WeightsFile& file, WeightsView* view) {
  pthread_mutex_lock(&mapping.mutex);
  view->message[0] = '\0';
  if (mapping.data == nullptr) find_and_map(file, view);
  view->data = mapping.data;
  view->bytes = mapping.bytes;
  pthread_mutex_unlock(&mapping.mutex);
}

#endif

}  // namespace rwkvc
