#pragma once

#include <string>
#include <string_view>

#include "runner/moa/template.hpp"

namespace tests::moa {

/// job.inputs as a job has them: name, empty, age, on, list, address, key (sensitive), "my-name".
runner::moa::Value::Object names();

/// What becomes of `text`, or "parse|eval|absent: position: what is wrong".
std::string expanded(std::string_view text);

}  // namespace tests::moa
