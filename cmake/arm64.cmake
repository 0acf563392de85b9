# The helper for engines on arm64, with Debian's cross compiler. CMAKE_SYSROOT: headers and libraries of arm64 packages
# (sysroot in dev.d/cross.sh).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Programs are static: the packages of shared libraries are not there. The compiler has a C library, too, without Debian's
# security updates: that of the packages comes first.
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-static -L${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu -B${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/")
foreach(kind LIBRARY INCLUDE PACKAGE)
    set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
