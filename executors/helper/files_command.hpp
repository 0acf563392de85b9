#pragma once

#include <string>

namespace executors::helper {

/// `runner-helper files`: the file work that a stage's script asks for, in the script's working
/// directory and as its user. Prints to the job's log through its standard output and standard
/// error (job-runtime.md §6, §7).
///
/// `request` comes from standard input, so that the values of variables are not in an argv. Its
/// lines:
///
///     do archive              makes `output`, a package (below) of the selected files
///     do extract              unpacks the archive `file` and removes it
///     do cache-save           writes the selected files to `file`, a zip or tar; when none of them
///                             has changed, the file stays as it is
///     do cache-restore        unpacks `file`
///     format VALUE            of the archive: zip, gzip, raw, tarzstd
///     output VALUE            path of the package
///     file VALUE              path of the archive
///     name VALUE              artifacts:name, expanded
///     level VALUE             of the compression: fastest, fast, default, slow, slowest
///     path GLOB               selects files; any number of lines
///     exclude GLOB            excludes selected files; any number of lines
///     untracked               selects files that git does not track
///     statement JSON          adds NAME-metadata.json, a provenance statement (provenance.hpp)
///
/// A package is one frame (protocol.hpp) with the JSON {"name":"artifacts.zip"}, and then the bytes
/// of the archive. The name is empty when nothing was selected.
///
/// Returns the exit code: 0 when it worked or there was nothing to do, 1 otherwise; for
/// cache-restore also 1 when there is no such cache.
int run_files_command(const std::string& request);

}  // namespace executors::helper
