#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace runner::commands {

/// Asks the user: prints the question and the present value in brackets, and reads one line of
/// standard input. An empty line takes the present value. kCancelled on Ctrl-C, and when
/// the input ends, then with the advice to use --non-interactive. A secret is not shown while it is
/// typed, and its present value is not shown either.
base::Result<std::string> ask(std::string_view question, const std::string& present,
                              bool secret = false);

}  // namespace runner::commands
