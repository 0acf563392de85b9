#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace base {

/// Random bytes of the kernel as lower-case hex, two characters a byte.
std::string random_hex(std::size_t bytes);
/// `length` characters of [0-9a-zA-Z].
std::string random_alphanumeric(std::size_t length);
/// Uniform in [0, 1).
double random_unit();

}  // namespace base
