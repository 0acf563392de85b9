#include "executors/docker/runner_volume.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <utility>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/offload.hpp"
#include "base/unique_fd.hpp"
#include "base/version.hpp"
#include "executors/docker/busy_flag.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/run_uncancelled.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr const char* kHelperMarker = "complete";
constexpr const char* kGitMarker = "git/complete";
constexpr int kFillAttempts = 3;
constexpr std::chrono::minutes kForgottenAfter{10};
/// CRC-32 and length of the content, which end a file of gzip.
constexpr std::size_t kGzipEnd = 8;

struct OpenedFile {
    base::UniqueFd fd;
    std::uint64_t bytes = 0;
};

Result<OpenedFile> open_file(const std::string& path) {
    OpenedFile file{base::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC))};
    struct stat status {};
    if (!file.fd || ::fstat(file.fd.get(), &status) != 0)
        return base::errno_error(errno, "open " + path);
    file.bytes = static_cast<std::uint64_t>(status.st_size);
    return file;
}

/// Tells the archives of two versions apart; "" when there is none.
Result<std::string> identity_of(const std::string& archive) {
    auto file = open_file(archive);
    if (!file && file.error().is(ErrorKind::kNotFound)) return std::string();
    if (!file) return file.error();
    std::array<char, kGzipEnd> end{};
    const std::uint64_t offset = file->bytes < kGzipEnd ? 0 : file->bytes - kGzipEnd;
    base::FilePart part{file->fd.get(), offset, file->bytes - offset};
    auto read = base::read_front(part, end);
    if (!read) return read.error().with_context("read " + archive);
    return std::string(*read);
}

struct HelperBinary {
    std::string bytes;
    std::string volume;
};

/// Debian's name of what uname(2) and engines name "x86_64".
std::string debian_architecture(const std::string& architecture) {
    if (architecture == "x86_64") return "amd64";
    if (architecture == "aarch64") return "arm64";
    return architecture;
}

std::string own_architecture() {
    utsname names{};
    return ::uname(&names) == 0 ? names.machine : "";
}

std::string remedy_for(const std::string& foreign) {
    if (foreign == "arm64") return "install the package runner-engine-arm64";
    return "take runner-helper of the package for " + foreign + " and put it there, with that name";
}

/// `foreign`: the engine's architecture where it is not that of this machine, else "".
Result<HelperBinary> read_helper(const std::string& path, const std::string& git_archive,
                                 const std::string& foreign) {
    auto bytes = base::read_file(path);
    if (!bytes && !foreign.empty()) {
        return base::make_error(
            ErrorKind::kConfiguration,
            fmt::format("the Docker engine is {0}, and this installation of runner has no "
                        "runner-helper for it: {1}; {2}, or run runner on the engine's machine",
                        foreign, bytes.error().message, remedy_for(foreign)));
    }
    if (!bytes) {
        return base::make_error(ErrorKind::kIo,
                                "runner-helper, which works in every container, cannot be read: " +
                                    bytes.error().message +
                                    "; install it beside runner or set RUNNER_HELPER");
    }
    auto git = identity_of(git_archive);
    if (!git) return git.error();
    HelperBinary helper;
    helper.volume = "runner-helper-" + std::string(base::version()) + "-" +
                    base::sha256_hex(base::sha256_hex(*bytes) + *git).substr(0, 8);
    helper.bytes = std::move(*bytes);
    return helper;
}

std::string helper_tar(const std::string& bytes) {
    TarBuilder tar;
    tar.add_directory("bin", 0755);
    tar.add_file("bin/runner-helper", bytes, 0755);
    tar.add_symlink("bin/dockerd", "runner-helper");
    tar.add_symlink("bin/docker-buildx", "runner-helper");
    tar.add_file(kHelperMarker, "", 0644);
    return tar.finish();
}

Result<OpenedFile> open_git(const std::string& path) {
    auto file = open_file(path);
    if (file) return file;
    return base::make_error(
        ErrorKind::kIo, "this installation of runner has no git for jobs: " + file.error().message +
                            "; install the whole package (from source: ./dev git; for an engine on "
                            "arm64: runner-engine-arm64), or use an image with git 2.31 or newer");
}

}  // namespace

std::string git_archive_path(const std::string& helper_path, const std::string& architecture) {
    const auto directory = std::filesystem::path(helper_path).parent_path();
    return directory / ("runner-git-" + debian_architecture(architecture) + ".tar.gz");
}

std::string helper_path_for(const std::string& helper_path, const std::string& architecture,
                            const std::string& own) {
    const std::string name = debian_architecture(architecture);
    if (name.empty() || name == debian_architecture(own)) return helper_path;
    return std::filesystem::path(helper_path).parent_path() / ("runner-helper-" + name);
}

void RunnerVolume::forget() {
    has_helper_ = false;
    has_git_ = false;
}

Task<Result<std::string>> RunnerVolume::obtain(std::string image, std::string architecture) {
    while (!has_helper_ && busy_) {
        co_await changed_.wait();
    }
    if (has_helper_) co_return name_;
    const BusyFlag busy(busy_, changed_);
    const std::string archive = git_archive_path(helper_path_, architecture);
    const std::string path = helper_path_for(helper_path_, architecture, own_architecture());
    const std::string foreign = path == helper_path_ ? "" : debian_architecture(architecture);
    std::function<Result<HelperBinary>()> read = [path, archive, foreign] {
        return read_helper(path, archive, foreign);
    };
    auto helper = co_await base::offload<Result<HelperBinary>>(std::move(read));
    if (!helper) co_return helper.error();
    Part part;
    part.marker = kHelperMarker;
    part.tar = helper_tar(helper->bytes);
    auto filled = co_await fill(std::move(image), helper->volume, std::move(part));
    if (!filled) co_return filled.error().with_context("prepare the volume with runner-helper");
    name_ = helper->volume;
    has_helper_ = true;
    co_return name_;
}

Task<Result<void>> RunnerVolume::add_git(std::string image, std::string architecture) {
    while (busy_) {
        co_await changed_.wait();
    }
    if (has_git_) co_return Result<void>();
    const BusyFlag busy(busy_, changed_);
    auto file = open_git(git_archive_path(helper_path_, architecture));
    if (!file) co_return file.error();
    Part part;
    part.marker = kGitMarker;
    part.file = base::FilePart{file->fd.get(), 0, file->bytes};
    auto filled = co_await fill(std::move(image), name_, std::move(part));
    if (!filled) co_return filled.error().with_context("put git into the volume of runner-helper");
    has_git_ = true;
    co_return Result<void>();
}

/// The engine puts files into a volume only by way of a container; this one is never started. It is
/// removed by its name, also when its creation was interrupted or its answer was lost. "nocopy": a
/// new volume would get what the image has at that path, and all jobs would run it.
Task<Result<void>> RunnerVolume::fill(std::string image, std::string volume, Part part) {
    co_await sweep();
    const nlohmann::json labels = {{kHelperLabel, base::version()}};
    const nlohmann::json made = {{"Name", volume}, {"Labels", labels}};
    auto volume_made = co_await api_.create_volume(made.dump());
    if (!volume_made) co_return volume_made.error();
    const nlohmann::json body = {
        {"Image", image},
        {"Entrypoint", {"/.runner/bin/runner-helper"}},
        {"Healthcheck", no_healthcheck()},
        {"Labels", labels},
        {"HostConfig", {{"Binds", {volume + ":/.runner:nocopy"}}, {"NetworkMode", "none"}}}};
    Result<void> put;
    for (int attempt = 0; attempt < kFillAttempts; ++attempt) {
        // In one uncancelled task: a cancelled coroutine could not await the removal any more.
        auto work = put_by_container(fill_container_name(volume), body.dump(), part);
        put = co_await run_uncancelled(std::move(work));
        // Another daemon, at its start, may have taken the container for a leftover.
        if (put || !put.error().is(ErrorKind::kNotFound)) break;
    }
    co_return put;
}

/// For programs that run no daemon, whose start removes them all.
Task<void> RunnerVolume::sweep() {
    FillSweep old;
    old.age = kForgottenAfter;
    RemovalTally tally;
    auto swept = co_await remove_fill_containers(api_, std::move(old), tally);
    const auto removed = swept ? tally.result() : Result<int>(swept.error());
    if (!removed && !removed.error().is(ErrorKind::kCancelled)) {
        base::log::warning("Containers that filled the helper's volume could not be removed",
                           {{"error", removed.error().message}});
    }
}

Task<Result<void>> RunnerVolume::put_by_container(std::string name, std::string body, Part part) {
    auto done = co_await put(name, std::move(body), std::move(part));
    auto removed = co_await api_.remove_container(name, false);
    if (!done) co_return done;
    co_return removed;
}

Task<Result<void>> RunnerVolume::put(std::string name, std::string body, Part part) {
    auto container = co_await api_.create_container(std::move(name), "", std::move(body));
    if (!container) co_return container.error();
    std::string marker = "/.runner/" + part.marker;
    auto there = co_await api_.has_path(*container, std::move(marker));
    if (!there) co_return there.error();
    if (*there) co_return Result<void>();
    if (part.file) {
        auto sent = co_await api_.put_archive_file(*container, "/.runner", *part.file);
        co_return sent;
    }
    auto sent = co_await api_.put_archive(*container, "/.runner", std::move(part.tar));
    co_return sent;
}

}  // namespace executors::docker
