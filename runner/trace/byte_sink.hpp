#pragma once

#include <string_view>

namespace runner::trace {

/// The next step of the log path. The bytes are valid during the call only.
class ByteSink {
  public:
    virtual ~ByteSink() = default;
    virtual void write(std::string_view bytes) = 0;
};

}  // namespace runner::trace
