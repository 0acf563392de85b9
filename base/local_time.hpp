#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/result.hpp"

namespace base {

/// The time in a time zone: "" and "UTC", "Local" for that of this machine, or a name of the
/// system's tz database ("Europe/Berlin"). kNotFound for a name that the database does not have, or
/// when there is no database.
Result<std::tm> local_time(const std::string& zone, std::int64_t unix_seconds);

}  // namespace base
