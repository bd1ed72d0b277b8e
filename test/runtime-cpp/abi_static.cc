// The ABI facts as static assertions, for compilers whose programs cannot run here: compiled for
// aarch64 as well as natively, never linked. abi_test.cc checks the same rows with better messages.

#include <cstddef>
#include <type_traits>

#include "abi_headers.inc"

namespace {

constexpr bool same_text(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// A row's type may hold commas, so it comes as the macro's rest and is wrapped here.
template <typename Type>
struct Fact {
  using type = Type;
};

}  // namespace

#define ABI_STRUCT(name, size, align) \
  static_assert(sizeof(name) == size && alignof(name) == align && std::is_standard_layout_v<name>);
#define ABI_FIELD(name, field, offset, size, ...)                                 \
  static_assert(offsetof(name, field) == offset && sizeof(name::field) == size && \
                std::is_same_v<decltype(name::field), Fact<__VA_ARGS__>::type>);
#define ABI_SLOT(name, field, index) static_assert(offsetof(name, field) == index * sizeof(void*));
#define ABI_ENUM(name, size) static_assert(std::is_enum_v<name> && sizeof(name) == size);
#define ABI_VALUE(name, value) static_assert(static_cast<long long>(name) == value##LL);
#define ABI_TEXT(name, text) static_assert(same_text(name, text));
#define ABI_TYPE(name, ...) static_assert(std::is_same_v<name, Fact<__VA_ARGS__>::type>);
#define ABI_FUNCTION(name, ...) \
  static_assert(std::is_same_v<decltype(&name), Fact<__VA_ARGS__>::type>);
#define ABI_INIT(name, init) [[maybe_unused]] const name initial_##name = init;

#include "abi_rows.inc"
