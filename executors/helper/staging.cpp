#include "executors/helper/staging.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "executors/helper/directory.hpp"
#include "executors/helper/unpack_stream.hpp"

namespace executors::helper {

namespace {

/// What is known of staged files, so that the memory for it stays bounded; 100,000 usual ones. The
/// files behind them are unpacked at the end.
constexpr std::size_t kMostKnownBytes = 16 * 1024 * 1024;
constexpr std::uint64_t kNoSize = ~std::uint64_t{0};
/// Each of them may hold a directory open.
constexpr std::size_t kMostWaiting = 128;

UniqueFd make_directory_in(int parent, const std::string& name, mode_t mode) {
    if (::mkdirat(parent, name.c_str(), mode) != 0) fail_errno("make the directory " + name);
    UniqueFd made(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) fail_errno("open the directory " + name);
    return made;
}

/// Whether the member's bytes are what its header says, and all of them could be written.
bool write_member(int archive, const ScannedMember& member, int file) {
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    const PackedPart part{archive, member.begin, member.packed_size, member.size};
    unpack_stream(part, member.method, member.name, [&](std::string_view bytes) {
        size += bytes.size();
        if (size > member.size) throw Failure("unpack " + member.name + ": it is too long");
        crc = ::libdeflate_crc32(crc, bytes.data(), bytes.size());
        if (!write_all(file, bytes)) fail_errno("write " + member.name);
    });
    return size == member.size && crc == member.crc;
}

}  // namespace

Staging::Staging(int parent, const std::string& name, unsigned cores)
    : parent_(parent), name_(directory_of(name)), pool_(cores) {
    remove_tree(parent_, name_);
    root_ = make_directory_in(parent_, name_, 0700);
    tree_.emplace(make_directory_in(root_.get(), kTree, 0700));
}

void Staging::add(int archive, const ScannedMember& member) {
    if (full_ || known_bytes_ >= kMostKnownBytes || !is_staged_name(member.name)) return;
    Tree::Place place;
    try {
        place = tree_->locate(member.name);
    } catch (const Failure&) {
        return;  // the way leads through another member, which is a file
    }
    known_bytes_ += sizeof(ScannedMember) + member.name.size();
    auto unpacked =
        pool_.submit([this, archive, member, place] { return unpack(archive, member, place); });
    waiting_.push_back({member, std::move(unpacked)});
    while (waiting_.size() >= kMostWaiting) take_first();
}

bool Staging::unpack(int archive, const ScannedMember& member, const Tree::Place& place) {
    if (full_) return false;
    const int directory = place.directory->get();
    UniqueFd file(::openat(directory, place.name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kUsualMode));
    // Of members with the same name only the first one is staged.
    if (!file && errno == EEXIST) return false;
    bool good = false;
    try {
        if (!file) fail_errno("make " + member.name);
        good = write_member(archive, member, file.get());
    } catch (const Failure&) {
        // The archive is unpacked again at the end, and then says what is wrong.
        if (errno == ENOSPC || errno == EDQUOT) full_ = true;
    }
    if (good) {
        const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, timespec{member.mtime, 0}};
        // Whatever this process's umask is.
        good = ::fchmod(file.get(), kUsualMode) == 0 && ::futimens(file.get(), times.data()) == 0;
    }
    if (file && !good) ::unlinkat(directory, place.name.c_str(), 0);
    return good;
}

void Staging::take_first() {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    // Its directory may be in the tree: the index tells that, with a size that no member has.
    if (!first.unpacked.get()) first.file.packed_size = kNoSize;
    done_.push_back(std::move(first.file));
}

void Staging::finish() {
    while (!waiting_.empty()) take_first();
    const StagedIndex index(std::exchange(done_, {}));
    write_file_in(root_.get(), kIndex, index.text());
}

void Staging::give_up() {
    full_ = true;
    while (!waiting_.empty()) take_first();
    remove_tree(parent_, name_);
}

}  // namespace executors::helper
