#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "runner/doctor/finding.hpp"

/// Judges how long certificates are still good. Pure.
namespace runner::doctor {

/// `what`: whose certificate. `end` and `now`: seconds since 1970.
Finding judge_certificate_end(const std::string& what, std::int64_t end, std::int64_t now);

/// Of a file of this machine. `what`: its key in config.toml.
Finding judge_certificate_file(const std::string& what, const base::Result<std::int64_t>& end,
                               std::int64_t now);

}  // namespace runner::doctor
