#pragma once

#include "executors/helper/files_exit.hpp"

namespace executors::session {

/// What a script that ends with `runner-helper files` exits with.
using helper::FilesExit;

}  // namespace executors::session
