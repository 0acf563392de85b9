#pragma once

#include <string>

namespace base {

/// A value of NO_PROXY, which is a list of hosts with commas, with those hosts of the list `more`
/// that it does not have; "*" has all. Pure.
std::string complete_no_proxy(const std::string& value, const std::string& more);

}  // namespace base
