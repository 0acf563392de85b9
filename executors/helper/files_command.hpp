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
///     do extract              unpacks the archive `file` and removes it, with what was unpacked of
///                             it when it arrived (staging.hpp)
///     do cache-save           writes the selected files to `file`, a zip or tar; when none of them
///                             has changed, the file stays as it is
///     do cache-restore        unpacks `file`; with `etag` only when it is that object of the
///                             storage, with `unsent` only when the storage never had it; with
///                             `fetched` and `etag`, `fetched` takes its place first
///     do cache-note           the storage has `file`, as the object `etag`
///     format VALUE            of the archive: zip, zipzstd, tarzstd, gzip, raw
///     output VALUE            path of the package
///     file VALUE              path of the archive
///     etag VALUE              which version of an object in the storage
///     fetched VALUE           path of an archive that came from the storage
///     unsent                  see cache-restore
///     detailed                see the exit code
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
/// Returns the exit code, a FilesExit (files_exit.hpp). cache-restore gives kNothing when `file` is
/// not the one that was asked for, and fails when it is missing and any would do. With `detailed`,
/// cache-save gives kNothing when no file was selected, and kUnchanged when the storage has, or
/// had, just these files; without, both are kDone.
int run_files_command(const std::string& request);

}  // namespace executors::helper
