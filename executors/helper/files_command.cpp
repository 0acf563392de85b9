#include "executors/helper/files_command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/json.hpp"
#include "executors/helper/archive_writer.hpp"
#include "executors/helper/file_selection.hpp"
#include "executors/helper/long_path.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/helper/provenance.hpp"
#include "executors/helper/stage_report.hpp"
#include "executors/helper/unpack.hpp"

namespace executors::helper {

namespace {

struct FilesRequest {
    std::string action;
    std::string format;
    std::string output;
    std::string file;
    std::string name;
    std::string level;
    std::string statement;
    SelectionRequest selection;
};

void take_line(FilesRequest& request, const std::string& key, const std::string& value) {
    auto& selection = request.selection;
    const std::map<std::string_view, std::string*> single{
        {"do", &request.action},          {"format", &request.format}, {"output", &request.output},
        {"file", &request.file},          {"name", &request.name},     {"level", &request.level},
        {"statement", &request.statement}};
    if (const auto field = single.find(key); field != single.end()) {
        *field->second = value;
    } else if (key == "path" || key == "exclude") {
        // A variable that expanded to "" selects nothing.
        if (!value.empty()) (key == "path" ? selection.paths : selection.excludes).push_back(value);
    } else if (key == "untracked") {
        selection.untracked = true;
    } else {
        throw Failure("unknown line in a files request: " + key);
    }
}

FilesRequest parse_request(const std::string& text) {
    FilesRequest request;
    for (const std::string& line : split_text(text, '\n')) {
        if (line.empty()) continue;
        const auto blank = line.find(' ');
        take_line(request, line.substr(0, blank),
                  blank == std::string::npos ? "" : line.substr(blank + 1));
    }
    return request;
}

/// The format of the official helper: the message in fifty columns, with colours.
void print_line(std::FILE* stream, const char* colour, const std::string& message) {
    std::fprintf(stream, "%s%-50s\x1b[0;m \n", colour, message.c_str());
    std::fflush(stream);
}
void info(const std::string& message) { print_line(stdout, "", message); }
void warning(const std::string& message) {
    print_line(stdout, "\x1b[0;33m", "WARNING: " + message);
}
void error(const std::string& message) { print_line(stderr, "\x1b[31;1m", "ERROR: " + message); }

int level_of(const FilesRequest& request) {
    const int level = compression_level(request.level);
    if (level >= 0) return level;
    warning("compression level \"" + request.level + "\" is not known, the default is used");
    return compression_level("");
}

Selection select(const FilesRequest& request) {
    return select_files(request.selection, {info, warning});
}

/// Makes a new file that only its user can read; removes a file or link in its place.
UniqueFd make_new(const std::string& path) {
    ::unlink(path.c_str());
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) fail_errno("make " + path);
    return file;
}

/// The last part of artifacts:name; "default" when it expanded to nothing.
std::string package_name(const std::string& expanded) {
    const std::string name = base_name(expanded);
    return name.empty() || name == "." || name == ".." ? "default" : name;
}

/// The provenance statement of a package. A file of an earlier job that has its name leaves the
/// selection.
std::vector<ExtraFile> extra_files(const FilesRequest& request, Selection& selection) {
    if (request.statement.empty() || selection.empty()) return {};
    const std::string name = package_name(request.name) + "-metadata.json";
    selection.erase(name);
    return {{name, complete_statement(request.statement, selection, now_us())}};
}

int make_package(const FilesRequest& request) {
    const ArchiveFormat format = parse_archive_format(request.format);
    Selection selection = select(request);
    const auto extras = extra_files(request, selection);
    const UniqueFd output = make_new(request.output);
    const std::string name =
        selection.empty() ? "" : archive_file_name(package_name(request.name), format);
    const std::string head = base::dump_json(nlohmann::json{{"name", name}});
    if (!write_all(output.get(), make_frame(head))) fail_errno("write " + request.output);
    if (selection.empty()) {
        error("No files to upload");
        return 0;
    }
    try {
        write_archive(format, level_of(request), selection, output.get(), {info, warning}, extras);
    } catch (const Failure&) {
        ::unlink(request.output.c_str());
        throw;
    }
    return 0;
}

/// Nothing when there is no such file. The caches are shared by jobs, and one may leave a pipe in
/// the place of an archive, at which every other one would wait.
UniqueFd open_archive(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == ENOENT) return file;
    if (!file) fail_errno("open " + path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail_errno("open " + path);
    if (!S_ISREG(status.st_mode)) throw Failure("open " + path + ": not a regular file");
    return file;
}

int extract(const FilesRequest& request) {
    const UniqueFd file = open_archive(request.file);
    if (!file) fail_errno("open " + request.file);
    unpack_archive(file.get(), ".");
    ::unlink(request.file.c_str());
    return 0;
}

std::vector<ArchiveMember> members_of(const Selection& selection) {
    std::vector<ArchiveMember> members;
    for (const auto& [path, status] : selection) {
        ArchiveMember member{path, status.st_mode, 0, 0, ""};
        if (S_ISREG(status.st_mode)) {
            member.size = status.st_size;
            member.mtime = status.st_mtime;
        }
        if (S_ISLNK(status.st_mode)) member.link = link_target_long(path);
        members.push_back(std::move(member));
    }
    return members;
}

/// Whether the cache holds exactly these files. A removed file or an older file is a change too.
bool is_up_to_date(const std::string& path, const Selection& selection) {
    try {
        const UniqueFd file = open_archive(path);
        if (!file) return false;
        return list_archive(file.get()) == members_of(selection);
    } catch (const Failure&) {
        return false;  // it is damaged or no archive: write it again
    }
}

/// What became of a cache (docs/metrics.md has the words) and the size of its archive.
struct CacheOutcome {
    std::string_view result;
    std::uint64_t bytes = 0;
};

std::uint64_t size_of(const UniqueFd& file) {
    struct stat status {};
    return ::fstat(file.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

CacheOutcome save_cache(const FilesRequest& request) {
    const ArchiveFormat format = parse_archive_format(request.format);
    const Selection selection = select(request);
    if (selection.empty()) {
        warning("No files to cache.");
        return {"empty"};
    }
    if (is_up_to_date(request.file, selection)) {
        info("Archive is up to date!");
        return {"unchanged"};
    }
    make_directories(std::filesystem::path(request.file).parent_path().string(), 0777);
    const std::string draft = request.file + ".new-" + std::to_string(::getpid());
    try {
        const UniqueFd output = make_new(draft);
        write_archive(format, level_of(request), selection, output.get(), {info, warning});
        // The volume is shared with jobs that run as other users.
        ::fchmod(output.get(), 0666);
        if (::rename(draft.c_str(), request.file.c_str()) != 0) fail_errno("rename " + draft);
        return {"saved", size_of(output)};
    } catch (const Failure&) {
        ::unlink(draft.c_str());
        throw;
    }
}

CacheOutcome restore_cache(const FilesRequest& request) {
    const UniqueFd file = open_archive(request.file);
    if (!file) {
        warning("Cache file does not exist");
        return {"miss"};
    }
    const std::uint64_t size = size_of(file);
    unpack_archive(file.get(), ".");
    return {"hit", size};
}

int transfer_cache(const FilesRequest& request) {
    try {
        const auto outcome =
            request.action == "cache-save" ? save_cache(request) : restore_cache(request);
        report_cache(request.action, outcome.result, outcome.bytes);
        return outcome.result == "miss" ? 1 : 0;
    } catch (const Failure&) {
        report_cache(request.action, "failed", 0);
        throw;
    }
}

int carry_out(const FilesRequest& request) {
    if (request.action == "archive") return make_package(request);
    if (request.action == "extract") return extract(request);
    if (request.action == "cache-save" || request.action == "cache-restore") {
        return transfer_cache(request);
    }
    throw Failure("unknown files request: do " + request.action);
}

}  // namespace

int run_files_command(const std::string& request) {
    try {
        return carry_out(parse_request(request));
    } catch (const Failure& failure) {
        error(failure.what());
        return 1;
    }
}

}  // namespace executors::helper
