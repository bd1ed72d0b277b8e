#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace qnn_host {

/// What a handle can stand for. The value is part of the handle.
enum class Kind : uint8_t { kBackend = 1, kContext, kDevice, kGraph, kLog, kProfile };

/// Base of everything that a client holds a handle of.
class Object {
 public:
  virtual ~Object() = default;
};

/// Turns objects into handles and back. A handle is a key, not an address: it holds the kind, the
/// place in a table and how often that place was used before. So a handle that is null, was freed,
/// is of another kind or comes from elsewhere is told apart without being dereferenced.
///
/// Thread-safe. An object that was found stays alive while it is held, even if another thread frees
/// its handle.
class Registry {
 public:
  static Registry& instance();

  template <typename T>
  void* insert(std::shared_ptr<T> object) {
    return insert_object(T::kKind, std::move(object));
  }
  /// Null for a handle that is not valid.
  template <typename T>
  std::shared_ptr<T> find(void* handle) const {
    return std::static_pointer_cast<T>(find_object(T::kKind, handle));
  }
  /// As find; the handle is not valid afterwards.
  template <typename T>
  std::shared_ptr<T> remove(void* handle) {
    return std::static_pointer_cast<T>(remove_object(T::kKind, handle));
  }
  template <typename T>
  std::vector<std::shared_ptr<T>> all() const {
    std::vector<std::shared_ptr<T>> objects;
    for (const std::shared_ptr<Object>& object : all_objects(T::kKind)) {
      objects.push_back(std::static_pointer_cast<T>(object));
    }
    return objects;
  }

  /// Handles that are valid now.
  size_t live() const;

  /// Held while objects are made or freed that belong to others (contexts, graphs), so that a
  /// parent does not go while a child is added.
  std::mutex& family() { return family_; }

 private:
  struct Slot {
    std::shared_ptr<Object> object;
    Kind kind = Kind::kBackend;
    uint32_t generation = 0;
  };

  void* insert_object(Kind kind, std::shared_ptr<Object> object);
  std::shared_ptr<Object> find_object(Kind kind, void* handle) const;
  std::shared_ptr<Object> remove_object(Kind kind, void* handle);
  std::vector<std::shared_ptr<Object>> all_objects(Kind kind) const;
  /// Place of a valid handle, or the table's size.
  size_t place_of(Kind kind, void* handle) const;

  mutable std::mutex mutex_;
  std::mutex family_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> unused_;
};

}  // namespace qnn_host
