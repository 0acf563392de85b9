#include "executors/helper/git_seed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "executors/helper/directory.hpp"
#include "executors/helper/stage_report.hpp"

namespace executors::helper {

namespace {

/// What the names of copies in the builds directory begin with (kSeedName in
/// executors/docker/mirror_seed.cpp).
constexpr const char* kSeedNames = ".runner-git-mirror";
constexpr const char* kProjectObjects = "/.git/objects";
constexpr const char* kProjectPacks = "/.git/objects/pack";

/// git looks for a pack by its index, so indexes come last.
void move_packs(int seed, const std::string& project) {
    const UniqueFd from = enter_directory(seed, "pack");
    const UniqueFd into = enter_directory(project + kProjectPacks);
    auto entries = entries_of(from.get());
    std::stable_partition(entries.begin(), entries.end(),
                          [](const auto& entry) { return !entry.name.ends_with(".idx"); });
    for (const auto& entry : entries) {
        const char* name = entry.name.c_str();
        if (::renameat(from.get(), name, into.get(), name) != 0) fail_errno("move " + entry.name);
    }
}

/// Of all files of objects: git packs those of a fetch only when they are many.
std::uint64_t object_bytes(const std::string& project) {
    const UniqueFd objects = enter_directory(project + kProjectObjects);
    std::uint64_t bytes = 0;
    for (const auto& folder : entries_of(objects.get())) {
        if (folder.type != S_IFDIR) continue;
        const UniqueFd directory = enter_directory(objects.get(), folder.name);
        for (const auto& entry : entries_of(directory.get())) {
            if (entry.type == S_IFREG)
                bytes += static_cast<std::uint64_t>(size_in(directory.get(), entry.name));
        }
    }
    return bytes;
}

}  // namespace

void seed_repository(const std::string& project, const std::string& seed) {
    const UniqueFd directory = enter_directory(seed);
    const UniqueFd git = enter_directory(project + "/.git");
    const std::string refs = read_file_in(directory.get(), "packed-refs");
    move_packs(directory.get(), project);
    if (type_in(directory.get(), "shallow") == S_IFREG)
        write_file_in(git.get(), "shallow", read_file_in(directory.get(), "shallow"));
    write_file_in(git.get(), "packed-refs", refs);
    const UniqueFd parent = enter_directory(directory_name(seed));
    try {
        remove_tree(parent.get(), base_name(seed));
    } catch (const Failure&) {
        // Where the job's user may not change the builds directory, the empty directory stays.
    }
}

void remove_former_seeds(int builds) {
    for (const auto& entry : entries_of(builds)) {
        if (!entry.name.starts_with(kSeedNames)) continue;
        try {
            remove_tree(builds, entry.name);
        } catch (const Failure&) {
            // Its files are gone as far as possible.
        }
    }
}

void report_clone(const std::string& project, const std::string& clone) {
    struct stat made {};
    const std::string head = project + "/.git/HEAD";
    if (::stat(head.c_str(), &made) != 0) fail_errno("look at " + head);
    const std::int64_t made_us =
        made.st_mtim.tv_sec * std::int64_t{1'000'000} + made.st_mtim.tv_nsec / 1000;
    report_line("clone " + clone + " " + std::to_string((now_us() - made_us) / 1000) + " " +
                std::to_string(object_bytes(project)));
}

}  // namespace executors::helper
