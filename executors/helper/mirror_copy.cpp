#include "executors/helper/mirror_copy.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "executors/helper/directory.hpp"
#include "executors/helper/git_process.hpp"

namespace executors::helper {

namespace {

/// Of a copy that is not complete.
constexpr const char* kPart = ".part";
/// For jobs of any user.
constexpr mode_t kReadable = 0644;
constexpr mode_t kPackMode = 0444;
/// Between two of them, a copy looks whether it is still wanted.
constexpr std::uint64_t kPiece = std::uint64_t{64} << 20U;
constexpr const char* kRefused = "the server does not give the repository";

/// Within a file system the kernel may share the blocks; it refuses to do so between two.
ssize_t copy_some(int from, int into, std::size_t size) {
    const ssize_t shared = ::copy_file_range(from, nullptr, into, nullptr, size, 0);
    return shared < 0 && errno != EINTR ? ::sendfile(into, from, nullptr, size) : shared;
}

/// The server has answered, and it is a no.
bool is_refused(const std::shared_future<MirrorAnswer>& proof) {
    const bool answered = proof.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    return answered && proof.get().state != "done";
}

/// None where the file system has no files without a name.
UniqueFd make_nameless_file(int directory) {
    UniqueFd file(::openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kPackMode));
    if (!file && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
        fail_errno("make a file");
    return file;
}

UniqueFd make_file(int directory, const std::string& name) {
    UniqueFd file(::openat(directory, name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPackMode));
    if (!file) fail_errno("make " + name);
    return file;
}

void name_file(int file, int directory, const std::string& name) {
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    if (::linkat(AT_FDCWD, path.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
        fail_errno("give the copy the name " + name);
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

}  // namespace

MirrorCopy::MirrorCopy(const MirrorRequest& request, MirrorPlaces places, Proof proof)
    : request_(request), places_(std::move(places)), proof_(std::move(proof)) {}

std::string MirrorCopy::prepare() {
    // A volume that nobody has filled has no lock.
    lock_.emplace(places_.volume + "/" + kReadLock, LOCK_SH, O_RDONLY);
    if (!lock_->has_file()) return "empty";
    if (!lock_->held()) return "busy";
    const auto repository = current_generation(places_.volume);
    if (!repository) return "empty";
    const bool whole = request_.depth == 0 || pack_bytes(*repository) <= places_.most_whole_bytes;
    if (!whole) {
        // It takes seconds, and nobody would end it.
        if (proof_.get().state != "done") throw Failure(kRefused);
        make_shallow(request_, *repository, places_.work);
    }
    source_ = whole ? *repository : places_.work;
    const std::string directory = directory_name(places_.target);
    check_room(directory, source_);
    parent_ = enter_directory(directory);
    copy_packs();
    const UniqueFd top = enter_directory(source_);
    if (type_in(top.get(), "shallow") == S_IFREG) shallow_ = read_file_in(top.get(), "shallow");
    refs_ = refs_text(source_);
    return "done";
}

/// git looks for a pack by its index, so indexes come last.
void MirrorCopy::copy_packs() {
    check_packs(source_, request_.sha256);
    const UniqueFd from = enter_directory(source_ + kPacks);
    const auto entries = entries_of(from.get());
    for (const char* kind : {".pack", ".rev", ".idx"}) {
        for (const auto& entry : entries) {
            if (entry.type != S_IFREG || !entry.name.ends_with(kind)) continue;
            UniqueFd file;
            if (places_.nameless_files) file = make_nameless_file(parent_.get());
            if (file) copy_content(from.get(), entry.name, file.get());
            packs_.push_back({entry.name, std::move(file)});
        }
    }
}

void MirrorCopy::copy_content(int from_directory, const std::string& name, int into) const {
    const UniqueFd from(::openat(from_directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!from) fail_errno("open " + name);
    off_t left = size_in(from_directory, name);
    while (left > 0) {
        if (is_refused(proof_)) throw Failure(kRefused);
        const ssize_t count =
            copy_some(from.get(), into, std::min(static_cast<std::uint64_t>(left), kPiece));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_errno("copy " + name);
        if (count == 0) throw Failure("copy " + name + ": it is shorter than it was");
        left -= count;
    }
}

std::uint64_t MirrorCopy::publish() {
    const std::string name = base_name(places_.target);
    const std::string part = name + kPart;
    for (const auto& former : {name, part}) remove_tree(parent_.get(), former);
    try {
        if (::mkdirat(parent_.get(), part.c_str(), 0777) != 0) fail_errno("make " + part);
        const UniqueFd into = enter_directory(parent_.get(), part);
        const std::uint64_t bytes = fill(into.get());
        if (::renameat(parent_.get(), part.c_str(), parent_.get(), name.c_str()) != 0)
            fail_errno("rename " + part);
        return bytes;
    } catch (const Failure&) {
        remove_tree(parent_.get(), part);
        throw;
    }
}

std::uint64_t MirrorCopy::fill(int into) {
    ::fchmod(into, 0777);
    if (::mkdirat(into, "pack", 0777) != 0) fail_errno("make the directory pack");
    const UniqueFd directory = enter_directory(into, "pack");
    ::fchmod(directory.get(), 0777);
    std::uint64_t bytes = 0;
    for (const PackFile& pack : packs_) {
        if (pack.copy) {
            name_file(pack.copy.get(), directory.get(), pack.name);
        } else {
            copy_content(enter_directory(source_ + kPacks).get(), pack.name,
                         make_file(directory.get(), pack.name).get());
        }
        bytes += static_cast<std::uint64_t>(size_in(directory.get(), pack.name));
    }
    if (shallow_) write_file_in(into, "shallow", *shallow_, kReadable);
    write_file_in(into, "packed-refs", refs_, kReadable);
    return bytes;
}

}  // namespace executors::helper
