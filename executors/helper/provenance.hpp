#pragma once

#include <cstdint>
#include <string>

#include "executors/helper/file_selection.hpp"

namespace executors::helper {

/// The provenance statement of an archive: the daemon's `statement` (runner/script/provenance.hpp)
/// with the SHA-256 of each selected regular file as a subject, and the end time `now_us` (UTC).
/// Reads the files. A file that has vanished is left out; throws Failure for one that cannot be
/// read, and for a `statement` that is no JSON object.
std::string complete_statement(const std::string& statement, const Selection& selection,
                               std::int64_t now_us);

}  // namespace executors::helper
