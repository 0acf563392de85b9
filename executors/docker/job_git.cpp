#include "executors/docker/job_git.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "executors/docker/container_paths.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

Task<Result<void>> JobGit::before_start() {
    const GitSource source = context_.docker.git;
    if (!context_.job.needs_git || source == GitSource::kImage) co_return Result<void>();
    if (source == GitSource::kAuto && context_.objects.has_git) co_return Result<void>();
    std::string reason = "the image has no git";
    if (source == GitSource::kRunner) reason = "[runners.docker] git";
    auto brought = co_await bring(std::move(reason));
    if (!brought) co_return brought;
    auto linked = co_await link_shell();
    co_return linked;
}

Task<Result<void>> JobGit::after_start() {
    auto& objects = context_.objects;
    const bool open = context_.docker.git == GitSource::kAuto && objects.git_directory.empty();
    if (!context_.job.needs_git || !open) co_return Result<void>();
    auto found = co_await version();
    if (!found) co_return found.error();
    if (!*found) co_return Result<void>();
    if ((*found)->is_new_enough()) {
        if ((*found)->has_lfs) co_return Result<void>();
        auto added = co_await bring_lfs();
        co_return added;
    }
    std::string reason = "the image's git does not work";
    const std::string& text = (*found)->text;
    if (!text.empty()) reason = "the image's git " + text + " is too old";
    auto brought = co_await bring(std::move(reason));
    // Most of get_sources works with an old git.
    if (brought || brought.error().is(ErrorKind::kCancelled)) co_return brought;
    context_.log.warning(brought.error().message);
    co_return Result<void>();
}

Task<Result<void>> JobGit::bring(std::string reason) {
    auto added = co_await context_.engine.add_git(image_.id);
    if (!added) co_return added.error().with_context(reason);
    context_.objects.git_directory = kGitDir;
    context_.log.print("Using the runner's git: " + reason);
    co_return Result<void>();
}

Task<Result<void>> JobGit::bring_lfs() {
    auto added = co_await context_.engine.add_git(image_.id);
    if (added) context_.objects.lfs_directory = kGitDir;
    if (!added && added.error().is(ErrorKind::kCancelled)) co_return added.error();
    co_return Result<void>();
}

Task<Result<void>> JobGit::link_shell() {
    EngineApi& api = context_.api();
    const std::string container = context_.objects.container;
    for (const char* shell : {"/bin/sh", "/usr/bin/sh", "/usr/local/bin/sh", "/busybox/sh"}) {
        std::string path = shell;
        auto there = co_await api.has_path(container, std::move(path));
        if (!there) co_return there.error();
        if (!*there) continue;
        if (shell == std::string_view("/bin/sh")) break;
        TarBuilder tar;
        tar.add_symlink("bin/sh", shell);
        std::string archive = tar.finish();
        auto put = co_await api.put_archive(container, "/", std::move(archive));
        co_return put;
    }
    co_return Result<void>();
}

Task<Result<std::optional<GitVersion>>> JobGit::version() {
    auto& known = context_.engine.git_versions();
    if (const auto found = known.find(image_.id); found != known.end()) {
        co_return std::optional<GitVersion>(found->second);
    }
    ExecSpec spec;
    spec.command = {"git", "--version"};
    auto ran = co_await run_exec(context_.api(), context_.objects.container, std::move(spec));
    if (!ran && ran.error().is(ErrorKind::kCancelled)) co_return ran.error();
    // A container that has ended already: connecting to it says why.
    if (!ran) co_return std::optional<GitVersion>();
    GitVersion version = parse_git_version(ran->output);
    ExecSpec lfs;
    lfs.command = {"git", "lfs", "version"};
    auto asked = co_await run_exec(context_.api(), context_.objects.container, std::move(lfs));
    if (!asked && asked.error().is(ErrorKind::kCancelled)) co_return asked.error();
    version.has_lfs = asked && asked->exit_code == 0;
    known.insert_or_assign(image_.id, version);
    co_return std::optional<GitVersion>(std::move(version));
}

}  // namespace executors::docker
