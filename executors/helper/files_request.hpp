#pragma once

#include <string>

#include "executors/helper/archive_writer.hpp"
#include "executors/helper/file_selection.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// The lines of a request, as files_command.hpp describes them.
struct FilesRequest {
    std::string action;
    std::string format;
    std::string output;
    std::string file;
    std::string name;
    std::string level;
    std::string statement;
    std::string etag;
    std::string fetched;
    bool unsent = false;
    bool detailed = false;
    SelectionRequest selection;
};

/// Throws Failure for a line that it does not know.
FilesRequest parse_files_request(const std::string& text);

/// Lines of the job's log, in the form of the official helper.
void print_info(const std::string& message);
void print_warning(const std::string& message);
void print_error(const std::string& message);
const Report& job_log_report();

/// The level of the compression; warns of one that is not known.
int level_of(const FilesRequest& request);
Selection select_requested(const FilesRequest& request);

/// Makes a new file that only its user can read; removes a file or link in its place.
UniqueFd make_new_file(const std::string& path);
/// Nothing when there is no such file. The caches are shared by jobs, and one may leave a pipe in
/// the place of an archive, at which every other one would wait.
UniqueFd open_archive_file(const std::string& path);

}  // namespace executors::helper
