#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace runner::commands {

/// Asks a person: the question, the present value in brackets, one line of standard input. An empty
/// line takes the present value. kCancelled on Ctrl-C; kInvalidInput when the input ends, with the
/// advice to use --non-interactive. A secret is not shown while it is typed, nor is its present
/// value.
base::Result<std::string> ask(std::string_view question, const std::string& present,
                              bool secret = false);

}  // namespace runner::commands
