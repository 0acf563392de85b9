#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace tests::fuzz {

/// Aborts the process when a condition that must hold for every input is false.
inline void require(bool holds, std::string_view what) {
    if (holds) return;
    std::cerr << "fuzz: does not hold: " << what << std::endl;
    std::abort();
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return {};
    return {static_cast<const char*>(static_cast<const void*>(data)), size};
}

}  // namespace tests::fuzz
