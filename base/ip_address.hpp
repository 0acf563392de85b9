#pragma once

#include <string>

namespace base {

/// Whether `text` is an IPv4 or IPv6 address, without brackets, port and zone.
bool is_ip_address(const std::string& text);

}  // namespace base
