#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "executors/helper/directory.hpp"
#include "executors/helper/git_mirror.hpp"
#include "executors/helper/git_process.hpp"
#include "executors/helper/mirror_volume.hpp"

namespace executors::helper {

namespace {

/// Of a copy that is not complete.
constexpr const char* kPart = ".part";
/// For jobs of any user.
constexpr mode_t kReadable = 0644;

/// Within a file system the kernel may share the blocks; it refuses to do so between two.
ssize_t copy_some(int from, int into, std::size_t size) {
    const ssize_t shared = ::copy_file_range(from, nullptr, into, nullptr, size, 0);
    return shared < 0 && errno != EINTR ? ::sendfile(into, from, nullptr, size) : shared;
}

void copy_file(int from_directory, int to_directory, const std::string& name) {
    const UniqueFd from(::openat(from_directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!from) fail_errno("open " + name);
    const UniqueFd into(::openat(to_directory, name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
    if (!into) fail_errno("make " + name);
    off_t left = size_in(from_directory, name);
    while (left > 0) {
        const ssize_t count = copy_some(from.get(), into.get(), static_cast<std::size_t>(left));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_errno("copy " + name);
        if (count == 0) throw Failure("copy " + name + ": it is shorter than it was");
        left -= count;
    }
}

/// git looks for a pack by its index, so indexes come last.
std::uint64_t copy_packs(const std::string& repository, int target, bool sha256) {
    check_packs(repository, sha256);
    const UniqueFd packs = enter_directory(repository + kPacks);
    if (::mkdirat(target, "pack", 0777) != 0) fail_errno("make the directory pack");
    const UniqueFd into = enter_directory(target, "pack");
    ::fchmod(into.get(), 0777);
    std::uint64_t bytes = 0;
    for (const char* kind : {".pack", ".rev", ".idx"}) {
        for (const auto& entry : entries_of(packs.get())) {
            if (entry.type != S_IFREG || !entry.name.ends_with(kind)) continue;
            copy_file(packs.get(), into.get(), entry.name);
            bytes += static_cast<std::uint64_t>(size_in(into.get(), entry.name));
        }
    }
    return bytes;
}

/// As git's packed-refs, with names that no branch has.
std::string refs_text(const std::string& repository) {
    const std::string tips = tips_of(repository);
    std::string text;
    std::size_t number = 0;
    for (const auto& tip : split_text(tips, '\n')) {
        if (!tip.empty()) text += tip + " " + kMirrorRefs + std::to_string(number++) + "\n";
    }
    return text;
}

/// A pack of what its refs need: packed objects are copied, where a fetch would unpack them.
void pack_shallow(const std::string& work) {
    std::string input;
    const UniqueFd top = enter_directory(work);
    if (type_in(top.get(), "shallow") == S_IFREG) {
        for (const auto& commit : split_text(read_file_in(top.get(), "shallow"), '\n'))
            if (!commit.empty()) input += "--shallow " + commit + "\n";
    }
    input += tips_of(work);
    static_cast<void>(
        GitProcess().run({"-C", work, "pack-objects", "-q", "--revs", "--shallow", "--window=0",
                          "--delta-base-offset", work + kPacks + "/pack"},
                         input));
}

/// The address of a repository in a directory, for which git runs git-upload-pack by itself; for
/// "file://" it would run a shell.
std::string local_address(const std::string& repository) {
    std::string text = "ext::git-upload-pack ";
    for (const char letter : repository) {
        if (letter == ' ' || letter == '%') text += '%';
        text += letter;
    }
    return text;
}

/// A repository with as much history as the job wants.
void make_shallow(const MirrorRequest& request, const std::string& repository,
                  const std::string& work) {
    const std::vector<GitProcess::Setting> settings{{"protocol.ext.allow", "always"}};
    const GitProcess git(settings);
    std::vector<std::string> wanted;
    for (const std::string& name :
         {"refs/heads/" + request.ref, "refs/tags/" + request.ref, std::string("HEAD")}) {
        const bool there = git.succeeds({"-C", repository, "rev-parse", "-q", "--verify", name});
        if (there) wanted.push_back(name + ":" + kMirrorRefs + std::to_string(wanted.size()));
    }
    if (wanted.empty()) throw Failure("the mirror has no branch");
    make_repository(request, work);
    // Has no objects of its own, so the fetch only finds out where the history ends.
    write_file_in(enter_directory(work + "/objects/info").get(), "alternates",
                  repository + "/objects\n");
    std::vector<std::string> fetch{"-C",
                                   work,
                                   "fetch",
                                   "--quiet",
                                   "--no-tags",
                                   "--depth",
                                   std::to_string(request.depth),
                                   local_address(repository)};
    fetch.insert(fetch.end(), wanted.begin(), wanted.end());
    static_cast<void>(git.run(std::move(fetch)));
    pack_shallow(work);
}

/// A clone from the server needs as much, and says it better when there is no room.
void check_room(const std::string& directory, const std::string& source) {
    const std::uint64_t needed = pack_bytes(source);
    const DiskSpace disk = disk_space(directory);
    if (disk.free > needed) return;
    throw Failure("the copy needs " + mebibytes(needed) +
                  ", and the disk of the builds volume has " + mebibytes(disk.free));
}

std::uint64_t copy_into(int into, const std::string& source, bool sha256) {
    ::fchmod(into, 0777);
    const std::uint64_t bytes = copy_packs(source, into, sha256);
    const UniqueFd from = enter_directory(source);
    if (type_in(from.get(), "shallow") == S_IFREG)
        write_file_in(into, "shallow", read_file_in(from.get(), "shallow"), kReadable);
    write_file_in(into, "packed-refs", refs_text(source), kReadable);
    return bytes;
}

/// `name` in the directory `parent` appears when it is complete.
std::uint64_t copy_complete(int parent, const std::string& name, const std::string& source,
                            bool sha256) {
    const std::string part = name + kPart;
    for (const auto& former : {name, part}) remove_tree(parent, former);
    try {
        if (::mkdirat(parent, part.c_str(), 0777) != 0) fail_errno("make " + part);
        const UniqueFd into = enter_directory(parent, part);
        const std::uint64_t bytes = copy_into(into.get(), source, sha256);
        if (::renameat(parent, part.c_str(), parent, name.c_str()) != 0)
            fail_errno("rename " + part);
        return bytes;
    } catch (const Failure&) {
        remove_tree(parent, part);
        throw;
    }
}

}  // namespace

MirrorAnswer copy_mirror(const MirrorRequest& request, const std::string& volume,
                         const std::string& target, const std::string& work,
                         std::uint64_t most_whole_bytes) {
    // A volume that nobody has filled has no lock.
    const MirrorLock lock(volume + "/" + kReadLock, LOCK_SH, O_RDONLY);
    if (!lock.has_file()) return {"empty", 0};
    if (!lock.held()) return {"busy", 0};
    const auto repository = current_generation(volume);
    if (!repository) return {"empty", 0};
    const bool whole = request.depth == 0 || pack_bytes(*repository) <= most_whole_bytes;
    if (!whole) make_shallow(request, *repository, work);
    const std::string source = whole ? *repository : work;
    const std::string directory = directory_name(target);
    check_room(directory, source);
    const UniqueFd parent = enter_directory(directory);
    return {"done", copy_complete(parent.get(), base_name(target), source, request.sha256)};
}

}  // namespace executors::helper
