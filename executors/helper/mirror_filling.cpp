#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "executors/helper/directory.hpp"
#include "executors/helper/git_mirror.hpp"
#include "executors/helper/git_process.hpp"
#include "executors/helper/mirror_server.hpp"
#include "executors/helper/mirror_volume.hpp"

namespace executors::helper {

namespace {

/// Then they become one.
constexpr std::size_t kMostPacks = 20;
/// Of the disk, which stays free.
constexpr std::uint64_t kReservedPart = 20;

/// Not while somebody copies: it may be a former generation.
void remove_others(const std::string& volume, const std::optional<std::string>& kept) {
    const MirrorLock readers(volume + "/" + kReadLock, LOCK_EX);
    if (!readers.held()) return;
    const UniqueFd top = enter_directory(volume);
    for (const auto& entry : entries_of(top.get())) {
        const bool link = entry.type == S_IFLNK && kept && entry.name == kCurrentGeneration;
        if (link || entry.name == kFillLock || entry.name == kReadLock) continue;
        if (kept && volume + "/" + entry.name == *kept) continue;
        remove_tree(top.get(), entry.name);
    }
}

struct Room {
    std::uint64_t for_fetch = 0;
    std::uint64_t for_file = 0;
};

Room room(const std::string& volume, std::uint64_t there, const FillLimits& limits) {
    const DiskSpace disk = disk_space(volume);
    const std::uint64_t reserve = disk.size / kReservedPart;
    if (disk.free <= reserve) {
        throw Failure("the disk of the mirror has too little room: " + mebibytes(disk.free) +
                      " of " + mebibytes(disk.size) + " are free");
    }
    if (there >= limits.most_bytes) {
        throw Failure("the mirror has " + mebibytes(there) + " already; a mirror may have " +
                      mebibytes(limits.most_bytes));
    }
    const std::uint64_t free = disk.free - reserve;
    return {std::min(free, limits.most_bytes - there), std::min(free, limits.most_bytes)};
}

/// nullopt: there is nothing that can be used.
std::optional<std::string> usable_generation(const MirrorRequest& request,
                                             const std::optional<std::string>& former) {
    if (request.renew || !former) return std::nullopt;
    try {
        check_packs(*former, request.sha256);
        return former;
    } catch (const Failure&) {
        return std::nullopt;
    }
}

/// Gives the new generation the packs of the former one, by hard links, and its refs. (A clone
/// would run a shell.)
void share_generation(const std::string& former, const std::string& path) {
    const UniqueFd from = enter_directory(former + kPacks);
    const UniqueFd into = enter_directory(path + kPacks);
    for (const char* kind : {".pack", ".rev", ".idx"}) {
        for (const auto& entry : entries_of(from.get())) {
            const char* name = entry.name.c_str();
            if (entry.type != S_IFREG || !entry.name.ends_with(kind)) continue;
            if (::linkat(from.get(), name, into.get(), name, 0) != 0)
                fail_errno("share " + entry.name);
        }
    }
    const GitProcess git;
    write_file_in(enter_directory(path).get(), "packed-refs",
                  git.run({"-C", former, "for-each-ref", "--format=%(objectname) %(refname)"}));
    const std::string head = git.run({"-C", former, "symbolic-ref", "HEAD"});
    static_cast<void>(
        git.run({"-C", path, "symbolic-ref", "HEAD", head.substr(0, head.find('\n'))}));
}

/// What was deleted on the server goes with the next filling, too.
void tidy_generation(const GitProcess& git, const std::string& path,
                     const std::string& former_tips) {
    const std::string lost = former_tips.empty()
                                 ? std::string()
                                 : git.run({"-C", path, "rev-list", "-n", "1", "--stdin", "--not",
                                            "--branches", "--tags"},
                                           former_tips);
    const auto files = list_directory(path + kPacks).size();
    if (lost.empty() && files / 3 < kMostPacks) return;
    static_cast<void>(git.run({"-C", path, "repack", "-a", "-d", "-q"}));
}

/// The default branch, which a job without a branch of its own in the mirror begins with; "" when
/// the server does not say. It is asked for before the fetch: the login ends with the job, maybe
/// during the fetch.
std::string head_of(const MirrorServer& server, const MirrorRequest& request) {
    constexpr std::string_view kPrefix = "ref: ";
    try {
        const std::string answer = server.git().run({"ls-remote", "--symref", request.url, "HEAD"});
        const auto end = answer.find('\t');
        if (!answer.starts_with(kPrefix) || end == std::string::npos) return {};
        return answer.substr(kPrefix.size(), end - kPrefix.size());
    } catch (const GitFailure&) {
        return {};  // the fetch says what is wrong
    }
}

void fetch(const MirrorServer& server, const MirrorRequest& request, const std::string& path) {
    static_cast<void>(
        server.git().run({"-C", path, "fetch", "--quiet", "--prune", "--no-write-fetch-head",
                          request.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}));
}

/// Half of the time: a server that packs a large repository is silent meanwhile.
int silence_of(const FillLimits& limits) { return static_cast<int>(limits.time.count() / 2 + 1); }

void make_generation(const MirrorRequest& request, const std::optional<std::string>& former,
                     const std::string& path, const FillLimits& limits, const Room& space) {
    const auto end = std::chrono::steady_clock::now() + limits.time;
    make_repository(request, path);
    if (former) share_generation(*former, path);
    const std::string tips = former ? tips_of(*former) : std::string();
    const MirrorServer server(request, silence_of(limits), {end, space.for_fetch});
    const std::string head = head_of(server, request);
    fetch(server, request, path);
    const GitProcess git({}, {}, {end, space.for_file});
    tidy_generation(git, path, tips);
    if (!head.empty()) static_cast<void>(git.run({"-C", path, "symbolic-ref", "HEAD", head}));
}

/// What had come says whether the limit of bytes has ended the filling.
Failure explain(const Failure& failure, const std::string& path, std::uint64_t shared,
                std::uint64_t most) {
    std::uint64_t came = 0;
    try {
        came = pack_bytes(path);
    } catch (const Failure&) {
        return failure;
    }
    came -= std::min(came, shared);
    if (came >= most) {
        return Failure("the repository needs more than the " + mebibytes(most) +
                       " that a mirror may take on this disk");
    }
    return Failure(std::string(failure.what()) + " (" + mebibytes(came) + " had come)");
}

}  // namespace

MirrorAnswer fill_mirror(const MirrorRequest& request, const std::string& volume,
                         const FillLimits& limits) {
    const MirrorLock lock(volume + "/" + kFillLock, LOCK_EX);
    if (!lock.held()) return {"busy", 0};
    const auto former = current_generation(volume);
    remove_others(volume, former);
    const auto used = usable_generation(request, former);
    const std::uint64_t shared = used ? pack_bytes(*used) : 0;
    const Room space = room(volume, shared, limits);
    const std::string name = "g-" + std::to_string(now_us());
    const std::string path = volume + "/" + name;
    try {
        make_generation(request, used, path, limits, space);
        publish_generation(volume, name);
    } catch (const Failure& failure) {
        const Failure explained = explain(failure, path, shared, space.for_fetch);
        remove_tree(enter_directory(volume).get(), name);
        throw explained;
    }
    return {"done", pack_bytes(path)};
}

}  // namespace executors::helper
