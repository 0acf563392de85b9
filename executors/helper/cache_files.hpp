#pragma once

#include "executors/helper/files_request.hpp"

namespace executors::helper {

/// The cache actions of files_command.hpp. Each returns the exit code, and throws Failure.
///
/// Beside an archive that is also in the object storage stands a record, "<file>.remote": which
/// object it is (its ETag), and number, size and time of the archive's inode. The record does not
/// count for an archive that was replaced meanwhile, by whoever it was.
int save_cache(const FilesRequest& request);
int restore_cache(const FilesRequest& request);
int note_sent_cache(const FilesRequest& request);

}  // namespace executors::helper
