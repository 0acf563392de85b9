#pragma once

#include <string>

namespace executors::helper {

/// `runner-helper files`: the file work that a stage's script asks for, in its working directory
/// and as its user, with its words for the job's log on the two standard streams (job-runtime.md
/// §6, §7).
///
/// The request comes on standard input, a line each, so that no value of a variable stands in an
/// argv:
///     do archive            makes `output`, a package (below) of what is selected
///     do extract            unpacks the archive `file` and removes it
///     do cache-save         the selected files into `file`, a zip or tar; unchanged ones are left
///     as they are do cache-restore      unpacks `file` format|output|file|name|level VALUE,
///     path|exclude GLOB (any number), untracked
///
/// A package is one frame of protocol.hpp, the JSON {"name":"artifacts.zip"}, and the archive's
/// bytes; nothing was selected when the name is empty. The exit code is 0 when all went well or
/// there was nothing to do; cache-restore says 1 when there is no such cache.
int run_files_command(const std::string& request);

}  // namespace executors::helper
