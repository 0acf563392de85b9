#include "executors/helper/cache_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "executors/helper/files_exit.hpp"
#include "executors/helper/long_path.hpp"
#include "executors/helper/stage_report.hpp"
#include "executors/helper/unpack.hpp"

namespace executors::helper {

namespace {

constexpr mode_t kSharedMode = 0666;  // the volume is shared with jobs that run as other users

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

/// An archive has whole seconds. A file of the second in which the archive was written, or of a
/// later one, may have been written again since.
bool are_older(const std::vector<ArchiveMember>& members, int archive) {
    struct stat status {};
    if (::fstat(archive, &status) != 0) return false;
    return std::all_of(members.begin(), members.end(), [&](const ArchiveMember& member) {
        return member.mtime < status.st_mtim.tv_sec;
    });
}

/// Whether the cache holds exactly these files. A removed file or an older file is a change too.
bool is_up_to_date(const std::string& path, const Selection& selection) {
    try {
        const UniqueFd file = open_archive_file(path);
        if (!file) return false;
        const auto members = members_of(selection);
        return are_older(members, file.get()) && list_archive(file.get()) == members;
    } catch (const Failure&) {
        return false;  // it is damaged or no archive: write it again
    }
}

std::string record_path(const std::string& file) { return file + ".remote"; }

/// The record that an archive must have when the storage holds it as `etag`.
std::string record_of(int file, const std::string& etag) {
    struct stat status {};
    if (::fstat(file, &status) != 0) fail_errno("read the cache");
    return std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) +
           " " + etag + "\n";
}

/// The record beside `file`; "" for none.
std::string read_record(const std::string& file) {
    constexpr std::size_t kMost = 4096;
    const UniqueFd record(
        ::open(record_path(file).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!record) return {};
    std::string text(kMost, '\0');
    const ssize_t count = read_some(record.get(), text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

void write_record(const std::string& file, int archive, const std::string& etag) {
    const std::string path = record_path(file);
    const std::string draft = path + ".new-" + std::to_string(::getpid());
    const UniqueFd output = make_new_file(draft);
    const bool good = write_all(output.get(), record_of(archive, etag)) &&
                      ::fchmod(output.get(), kSharedMode) == 0 &&
                      ::rename(draft.c_str(), path.c_str()) == 0;
    if (good) return;
    ::unlink(draft.c_str());
    fail_errno("write " + path);
}

/// Whether the storage has, or had, this very archive.
bool was_sent(const std::string& file, int archive) {
    const std::string record = read_record(file);
    const std::string unnamed = record_of(archive, "");
    return record.starts_with(unnamed.substr(0, unnamed.size() - 1));
}

void make_parents(const std::string& file) {
    make_directories(std::filesystem::path(file).parent_path().string(), 0777);
}

/// Puts the archive that came from the storage into its place.
void take_fetched(const FilesRequest& request) {
    const UniqueFd fetched = open_archive_file(request.fetched);
    if (!fetched) throw Failure("open " + request.fetched + ": it has vanished");
    if (::rename(request.fetched.c_str(), request.file.c_str()) != 0)
        fail_errno("rename " + request.fetched);
    write_record(request.file, fetched.get(), request.etag);
}

/// Whether the archive on this host is the one that was asked for.
bool is_wanted(const FilesRequest& request, int archive) {
    if (request.unsent) return !was_sent(request.file, archive);
    if (request.etag.empty() || !request.fetched.empty()) return true;
    return read_record(request.file) == record_of(archive, request.etag);
}

std::uint64_t size_of(const UniqueFd& file) {
    struct stat status {};
    return ::fstat(file.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

FilesExit save(const FilesRequest& request) {
    const ArchiveFormat format = parse_archive_format(request.format);
    const Selection selection = select_requested(request);
    if (selection.empty()) {
        print_warning("No files to cache.");
        report_cache(request.action, "empty", 0);
        return request.detailed ? FilesExit::kNothing : FilesExit::kDone;
    }
    if (is_up_to_date(request.file, selection)) {
        print_info("Archive is up to date!");
        const UniqueFd file = open_archive_file(request.file);
        const bool sent = request.detailed && file && was_sent(request.file, file.get());
        report_cache(request.action, "unchanged", 0);
        return sent ? FilesExit::kUnchanged : FilesExit::kDone;
    }
    make_parents(request.file);
    const std::string draft = request.file + ".new-" + std::to_string(::getpid());
    try {
        const UniqueFd output = make_new_file(draft);
        write_archive(format, level_of(request), selection, output.get(), job_log_report());
        ::fchmod(output.get(), kSharedMode);
        if (::rename(draft.c_str(), request.file.c_str()) != 0) fail_errno("rename " + draft);
        report_cache(request.action, "saved", size_of(output));
    } catch (const Failure&) {
        ::unlink(draft.c_str());
        throw;
    }
    return FilesExit::kDone;
}

FilesExit restore(const FilesRequest& request) {
    if (!request.fetched.empty()) take_fetched(request);
    const UniqueFd file = open_archive_file(request.file);
    const bool asks = request.unsent || !request.etag.empty();
    if (asks && (!file || !is_wanted(request, file.get()))) {
        make_parents(request.file);
        return FilesExit::kNothing;
    }
    if (!file) {
        print_warning("Cache file does not exist");
        report_cache(request.action, "miss", 0);
        return FilesExit::kFailed;
    }
    const std::uint64_t size = size_of(file);
    unpack_archive(file.get(), ".");
    report_cache(request.action, "hit", size);
    return FilesExit::kDone;
}

int reported(FilesExit (*work)(const FilesRequest&), const FilesRequest& request) {
    try {
        return to_int(work(request));
    } catch (const Failure&) {
        report_cache(request.action, "failed", 0);
        throw;
    }
}

}  // namespace

int save_cache(const FilesRequest& request) { return reported(save, request); }

int restore_cache(const FilesRequest& request) { return reported(restore, request); }

int note_sent_cache(const FilesRequest& request) {
    const UniqueFd file = open_archive_file(request.file);
    if (!file) throw Failure("open " + request.file + ": it has vanished");
    write_record(request.file, file.get(), request.etag);
    return to_int(FilesExit::kDone);
}

}  // namespace executors::helper
