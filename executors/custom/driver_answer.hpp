#pragma once

#include <string>

#include "base/result.hpp"
#include "executors/driver.hpp"

namespace executors::custom {

/// Reads what `config_exec` printed: a JSON object, or nothing. Unknown keys and null are no error.
/// Pure. Failures: kIo, with the key whose value is wrong; the text of the answer, which may hold
/// secrets, is not repeated.
base::Result<DriverAnswer> parse_driver_answer(const std::string& text);

}  // namespace executors::custom
