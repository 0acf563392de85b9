#pragma once

#include <cstdint>
#include <string>

namespace base {

/// "2.1 GiB": powers of 1024, whole bytes below the first.
std::string size_text(std::uint64_t bytes);

}  // namespace base
