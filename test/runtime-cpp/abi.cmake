# The QNN headers against the ABI facts. Needs GTest and Python 3; wants `enable_testing()` before it.
#
#   abi_test               every declared size, offset, number and slot; records of htp_config.h
#   abi_static             the same rows as static assertions, natively
#   abi_static_aarch64     and for aarch64, where a cross compiler is installed
#   abi_headers_c          the headers as C11
#   abi_generator_test     broken headers and facts are noticed
# Every header alone must compile without a warning: that is part of the build (abi_headers).

find_package(GTest REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(RWKV_AARCH64_CXX NAMES aarch64-linux-gnu-g++)

set(abi_source ${CMAKE_CURRENT_LIST_DIR})
set(abi_include ${abi_source}/../../runtime-cpp/include/QNN)
set(abi_generated ${CMAKE_CURRENT_BINARY_DIR}/abi)
set(abi_rows ${abi_generated}/abi_headers.inc ${abi_generated}/abi_rows.inc ${abi_generated}/htp_rows.inc)
set(abi_warnings -Wall -Wextra -Werror -pedantic)

file(GLOB_RECURSE abi_headers CONFIGURE_DEPENDS RELATIVE ${abi_include} ${abi_include}/*.h)
list(TRANSFORM abi_headers PREPEND ${abi_include}/ OUTPUT_VARIABLE abi_header_paths)

add_custom_command(
  OUTPUT ${abi_rows}
  COMMAND Python3::Interpreter ${abi_source}/generate_abi_assertions.py
          --facts ${abi_source}/facts --headers ${abi_include} --out ${abi_generated}
  DEPENDS ${abi_source}/generate_abi_assertions.py ${abi_source}/facts/abi.json
          ${abi_source}/facts/htp-configs.json ${abi_header_paths}
  COMMENT "ABI assertions from the facts"
  VERBATIM)
add_custom_target(abi_assertions DEPENDS ${abi_rows})

# One translation unit per header.
set(abi_header_units)
foreach(header ${abi_headers})
  string(MAKE_C_IDENTIFIER ${header} unit)
  file(GENERATE OUTPUT ${abi_generated}/alone_${unit}.cc CONTENT "#include \"${header}\"\n")
  list(APPEND abi_header_units ${abi_generated}/alone_${unit}.cc)
endforeach()
add_library(abi_headers OBJECT ${abi_header_units})

add_executable(abi_test ${abi_source}/abi_test.cc ${abi_rows})
target_link_libraries(abi_test PRIVATE GTest::gtest GTest::gtest_main)
target_include_directories(abi_test PRIVATE ${abi_generated} ${abi_source}/../../runtime-cpp/src)
foreach(target abi_headers abi_test)
  target_include_directories(${target} PRIVATE ${abi_include})
  target_compile_features(${target} PRIVATE cxx_std_17)
  target_compile_options(${target} PRIVATE ${abi_warnings})
endforeach()
add_test(NAME abi_test COMMAND abi_test)

# Compile-only tests read the generated rows, which the build of abi_test leaves behind.
set(abi_compile -fsyntax-only ${abi_warnings} -I${abi_include} -I${abi_generated})
add_test(NAME abi_static
         COMMAND ${CMAKE_CXX_COMPILER} -std=c++17 ${abi_compile} ${abi_source}/abi_static.cc)
if(RWKV_AARCH64_CXX)
  add_test(NAME abi_static_aarch64
           COMMAND ${RWKV_AARCH64_CXX} -std=c++17 ${abi_compile} ${abi_source}/abi_static.cc)
else()
  message(STATUS "aarch64-linux-gnu-g++ not found: ABI facts are asserted natively only")
endif()
# ISO C before C23 wants enumerators within int; QNN_PARAMTYPE_UNDEFINED is not, hence no -pedantic.
file(WRITE ${abi_generated}/all.c "#include \"abi_headers.inc\"\n")
add_test(NAME abi_headers_c
         COMMAND ${CMAKE_CXX_COMPILER} -x c -std=c11 -fsyntax-only -Wall -Wextra -Werror
                 -I${abi_include} -I${abi_generated} ${abi_generated}/all.c)
add_test(NAME abi_generator_test
         COMMAND Python3::Interpreter ${abi_source}/generate_abi_assertions_test.py ${CMAKE_CXX_COMPILER})
