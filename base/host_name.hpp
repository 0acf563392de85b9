#pragma once

#include <string>

namespace base {

/// The name of this machine (gethostname(2)); "localhost" when the kernel does not tell it.
std::string host_name();

}  // namespace base
