#include "runner/collector/usage_record.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "base/unique_fd.hpp"

namespace runner::collector {

namespace fs = std::filesystem;

namespace {

constexpr const char* kVolumes = "volumes";
constexpr const char* kImages = "images";
constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kPrivateFile = 0600;
constexpr std::size_t kMostNames = 64UL * 1024;

/// Engines choose names and ids; none may lead to another directory.
std::string file_name(std::string text) {
    std::replace(text.begin(), text.end(), '/', '_');
    return text.empty() || text.front() == '.' ? "_" + text : text;
}

std::int64_t modified_unix_micros(const fs::path& file) {
    struct stat about {};
    if (::stat(file.c_str(), &about) != 0) return 0;
    return std::int64_t{about.st_mtim.tv_sec} * 1'000'000 + about.st_mtim.tv_nsec / 1000;
}

std::vector<fs::path> files_of(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code none;
    for (fs::directory_iterator entry(folder, none), end; !none && entry != end;
         entry.increment(none)) {
        files.push_back(entry->path());
    }
    return files;
}

std::set<std::string> names_in(const fs::path& file) {
    std::set<std::string> names;
    const auto text = base::read_small_file(file, kMostNames);
    if (!text) return names;
    for (auto& line : base::split(*text, '\n')) {
        if (!line.empty()) names.insert(std::move(line));
    }
    return names;
}

}  // namespace

fs::path UsageRecord::folder(const std::string& engine, const char* kind) const {
    return root_ / file_name(engine) / kind;
}

void UsageRecord::complain(const fs::path& file, const std::string& why) {
    if (complained_) return;
    complained_ = true;
    base::log::warning("The use of volumes and images cannot be recorded",
                       {{"path", file.string()}, {"error", why}});
}

void UsageRecord::touch(const fs::path& file) {
    if (::utimensat(AT_FDCWD, file.c_str(), nullptr, 0) == 0) return;
    if (auto made = base::make_directories(file.parent_path(), kPrivateDirectory); !made)
        return complain(file, made.error().message);
    const base::UniqueFd opened(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateFile));
    if (!opened) complain(file, std::generic_category().message(errno));
}

void UsageRecord::volume_used(const std::string& engine, const std::string& volume) {
    touch(folder(engine, kVolumes) / file_name(volume));
}

void UsageRecord::image_used(const std::string& engine, const std::string& image_id) {
    const fs::path file = folder(engine, kImages) / file_name(image_id);
    std::error_code none;
    if (fs::exists(file, none)) touch(file);
}

void UsageRecord::image_pulled(const std::string& engine, const std::string& image_id,
                               const std::string& name) {
    const fs::path file = folder(engine, kImages) / file_name(image_id);
    auto names = names_in(file);
    names.insert(name);
    std::string text;
    for (const auto& each : names) text += each + "\n";
    auto made = base::make_directories(file.parent_path(), kPrivateDirectory);
    if (made) made = base::write_file_atomic(file, text, kPrivateFile);
    if (!made) complain(file, made.error().message);
}

std::map<std::string, std::int64_t> UsageRecord::volumes(const std::string& engine) const {
    std::map<std::string, std::int64_t> used;
    for (const fs::path& file : files_of(folder(engine, kVolumes)))
        used[file.filename()] = modified_unix_micros(file);
    return used;
}

std::map<std::string, UsageRecord::PulledImage> UsageRecord::images(
    const std::string& engine) const {
    std::map<std::string, PulledImage> pulled;
    for (const fs::path& file : files_of(folder(engine, kImages))) {
        auto names = names_in(file);
        if (names.empty()) continue;
        pulled[file.filename()] = {.names = std::move(names),
                                   .last_used_unix_micros = modified_unix_micros(file)};
    }
    return pulled;
}

void UsageRecord::forget_volume(const std::string& engine, const std::string& volume) {
    std::error_code none;
    fs::remove(folder(engine, kVolumes) / file_name(volume), none);
}

void UsageRecord::forget_image(const std::string& engine, const std::string& image_id) {
    std::error_code none;
    fs::remove(folder(engine, kImages) / file_name(image_id), none);
}

}  // namespace runner::collector
