#pragma once

#include <cstddef>
#include <string>

#include "executors/helper/users.hpp"

namespace executors::helper {

/// Unpacks the tar stream that `input` gives below the directory `destination`; answers the number of
/// entries. Files, directories, symbolic and hard links; everything else is refused. Nothing is written
/// outside, whatever names and links the archive has. Entries belong to `owner`, or to whom runs this.
/// Throws Failure.
std::size_t unpack_tar(int input, const std::string& destination, const User* owner);

}  // namespace executors::helper
