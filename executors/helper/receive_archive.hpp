#pragma once

#include <string>

namespace executors::helper {

/// Copies an archive from `input` to the empty file `file`, which is open for reading and writing,
/// until the input ends. When it is a zip, its files are unpacked into a Staging meanwhile, by at
/// most `cores` threads; `parent` and `name` are those of the Staging.
///
/// False with errno set when the archive could not be read or written; then nothing is staged. That
/// something could not be staged is no failure. It costs a disk no more than the archive: when
/// there is no room for both, the staged files give way.
bool receive_archive(int input, int file, int parent, const std::string& name, unsigned cores);

}  // namespace executors::helper
