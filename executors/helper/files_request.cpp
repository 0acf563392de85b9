#include "executors/helper/files_request.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <string_view>

namespace executors::helper {

namespace {

void take_line(FilesRequest& request, const std::string& key, const std::string& value) {
    auto& selection = request.selection;
    const std::map<std::string_view, std::string*> single{
        {"do", &request.action},           {"format", &request.format},
        {"output", &request.output},       {"file", &request.file},
        {"name", &request.name},           {"level", &request.level},
        {"statement", &request.statement}, {"etag", &request.etag},
        {"fetched", &request.fetched}};
    if (const auto field = single.find(key); field != single.end()) {
        *field->second = value;
    } else if (key == "path" || key == "exclude") {
        // A variable that expanded to "" selects nothing.
        if (!value.empty()) (key == "path" ? selection.paths : selection.excludes).push_back(value);
    } else if (key == "untracked") {
        selection.untracked = true;
    } else if (key == "unsent") {
        request.unsent = true;
    } else if (key == "detailed") {
        request.detailed = true;
    } else {
        throw Failure("unknown line in a files request: " + key);
    }
}

/// The message in fifty columns, with colours.
void print_line(std::FILE* stream, const char* colour, const std::string& message) {
    std::fprintf(stream, "%s%-50s\x1b[0;m \n", colour, message.c_str());
    std::fflush(stream);
}

}  // namespace

FilesRequest parse_files_request(const std::string& text) {
    FilesRequest request;
    for (const std::string& line : split_text(text, '\n')) {
        if (line.empty()) continue;
        const auto blank = line.find(' ');
        take_line(request, line.substr(0, blank),
                  blank == std::string::npos ? "" : line.substr(blank + 1));
    }
    return request;
}

void print_info(const std::string& message) { print_line(stdout, "", message); }
void print_warning(const std::string& message) {
    print_line(stdout, "\x1b[0;33m", "WARNING: " + message);
}
void print_error(const std::string& message) {
    print_line(stderr, "\x1b[31;1m", "ERROR: " + message);
}
const Report& job_log_report() {
    static const Report report{print_info, print_warning};
    return report;
}

int level_of(const FilesRequest& request) {
    const int level = compression_level(request.level);
    if (level >= 0) return level;
    print_warning("compression level \"" + request.level + "\" is not known, the default is used");
    return compression_level("");
}

Selection select_requested(const FilesRequest& request) {
    return select_files(request.selection, job_log_report());
}

UniqueFd make_new_file(const std::string& path) {
    ::unlink(path.c_str());
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) fail_errno("make " + path);
    return file;
}

UniqueFd open_archive_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == ENOENT) return file;
    if (!file) fail_errno("open " + path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail_errno("open " + path);
    if (!S_ISREG(status.st_mode)) throw Failure("open " + path + ": not a regular file");
    return file;
}

}  // namespace executors::helper
