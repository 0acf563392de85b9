#pragma once

#include <string>
#include <string_view>

#include "runner/trace/byte_sink.hpp"

namespace runner::trace {

struct Text final : ByteSink {
    void write(std::string_view bytes) override { text.append(bytes); }
    std::string text;
};

}  // namespace runner::trace
