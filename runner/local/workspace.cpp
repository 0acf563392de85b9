#include "runner/local/workspace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "runner/local/git.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::local {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShortSha = 8;
/// Exit code of GNU tar when a file changed while it was read. The user may be editing the work
/// tree.
constexpr int kTarSawAChange = 1;

class TreeSources final : public job::Sources {
  public:
    TreeSources(std::vector<std::string> tar, std::string notice)
        : tar_(std::move(tar)), notice_(std::move(notice)) {}

    base::Task<base::Result<int>> fetch(executors::JobLog& log) override {
        log.notice(notice_);
        body_.reset();
        co_return 0;
    }
    base::Result<std::optional<protocol::http::BodySource>> next_archive(
        const boost::asio::any_io_executor& executor) override {
        if (body_) return std::optional<protocol::http::BodySource>();
        base::SubprocessOptions options;
        options.arguments = tar_;
        options.environment = {"LC_ALL=C"};
        auto body = job::ProgramBody::start(executor, options, kTarSawAChange);
        if (!body) return body.error();
        body_ = std::move(*body);
        protocol::http::BodySource source = [this] { return body_->next(); };
        return std::optional(std::move(source));
    }

  private:
    std::vector<std::string> tar_;
    std::string notice_;  ///< for the job's log
    std::unique_ptr<job::ProgramBody> body_;
};

}  // namespace

base::Result<std::unique_ptr<Workspace>> Workspace::make(const CheckoutFiles& checkout) {
    std::error_code failed;
    std::string path = (fs::temp_directory_path(failed) / "runner-exec-XXXXXX").string();
    if (failed || ::mkdtemp(path.data()) == nullptr) {
        return base::errno_error("make a directory for the jobs in " +
                                 fs::path(path).parent_path().string());
    }
    std::unique_ptr<Workspace> workspace(new Workspace(path));
    if (auto filled = workspace->fill(checkout); !filled) return filled.error();
    return workspace;
}

Workspace::~Workspace() {
    std::error_code failed;
    fs::remove_all(directory_, failed);
    if (!failed) return;
    // Scripts on this machine may have left directories without write permission.
    const auto options = fs::directory_options::skip_permission_denied;
    for (const auto& entry : fs::recursive_directory_iterator(directory_, options, failed)) {
        std::error_code ignored;
        if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) {
            fs::permissions(entry.path(), fs::perms::owner_all, fs::perm_options::add, ignored);
        }
    }
    fs::remove_all(directory_, failed);
    if (failed) {
        base::log::warning("A directory could not be removed",
                           {{"path", directory_.string()}, {"error", failed.message()}});
    }
}

base::Result<void> Workspace::fill(const CheckoutFiles& checkout) {
    clean_ = checkout.clean;
    sha_ = checkout.facts.sha;
    root_ = checkout.top;
    list_ = directory_ / "files";
    if (!sha_.empty()) {
        repository_ = directory_ / "repository";
        if (auto made = make_repository(checkout); !made) {
            return made.error().with_context("copy the commit for the jobs");
        }
    } else if (clean_) {
        return base::make_error(base::ErrorKind::kNotFound,
                                "there is no commit yet in " + root_.string());
    }
    if (clean_) root_ = repository_;
    return list_files();
}

base::Result<void> Workspace::make_repository(const CheckoutFiles& checkout) {
    if (auto made = base::make_directories(repository_, 0700); !made) return made;
    const auto& facts = checkout.facts;
    std::vector<std::string> fetch{"fetch", "--quiet", "--no-recurse-submodules",
                                   fmt::format("--depth={}", checkout.depth),
                                   "file://" + checkout.top.string()};
    if (facts.is_tag) {
        fetch.insert(fetch.end(),
                     {"--no-tags", fmt::format("+refs/tags/{0}:refs/tags/{0}", facts.ref)});
    } else {
        fetch.push_back("+" + facts.sha + ":refs/remotes/origin/" +
                        (facts.ref.empty() ? "HEAD" : facts.ref));
    }
    std::vector<std::vector<std::string>> steps{
        {"-c", "init.defaultBranch=none", "init", "--quiet", "--template="},
        std::move(fetch),
        {"update-ref", "--no-deref", "HEAD", facts.sha}};
    const std::string remote = script::without_credentials(facts.remote_url);
    if (!remote.empty()) steps.push_back({"remote", "add", "origin", remote});
    // The files come from the work tree; only the index is made from the commit.
    steps.push_back(clean_ ? std::vector<std::string>{"reset", "--quiet", "--hard", "HEAD"}
                           : std::vector<std::string>{"read-tree", "HEAD"});
    for (auto& step : steps) {
        if (auto done = run_git(repository_, std::move(step)); !done) return done.error();
    }
    return {};
}

/// Adds the files of a repository: of the checkout itself, or of one of its submodules, whose
/// directory is `prefix`. A submodule that is not initialised is an empty directory, as after a
/// clone. (`git ls-files --recurse-submodules` leaves such a directory out in a linked work tree.)
base::Result<void> Workspace::list_repository(const std::string& prefix, int level) {
    constexpr std::string_view kSubmodule = "160000 ";
    // Links may lead from a submodule to the repository around it.
    constexpr int kMostLevels = 16;
    if (level > kMostLevels) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                fmt::format("submodules of submodules, more than {} levels: {}",
                                            kMostLevels, (root_ / prefix).string()));
    }
    const fs::path directory = root_ / prefix;
    auto known = list_git(directory, {"ls-files", "--cached", "--stage"});
    if (!known) {
        return base::make_error(base::ErrorKind::kIo,
                                "git ls-files failed in " + directory.string());
    }
    for (const std::string& entry : *known) {
        const std::string path = prefix + entry.substr(entry.find('\t') + 1);
        files_.push_back(path);
        std::error_code error;
        if (!entry.starts_with(kSubmodule) || !fs::exists(root_ / path / ".git", error)) continue;
        if (auto listed = list_repository(path + "/", level + 1); !listed) return listed;
    }
    if (clean_) return {};
    if (auto others = list_git(directory, {"ls-files", "--others", "--exclude-standard"})) {
        for (const std::string& path : *others) files_.push_back(prefix + path);
    }
    return {};
}

base::Result<void> Workspace::list_files() {
    if (auto listed = list_repository({}, 0); !listed) return listed;
    std::erase_if(files_, [&](const std::string& path) {
        std::error_code gone;
        return !fs::exists(fs::symlink_status(root_ / path, gone));
    });
    std::sort(files_.begin(), files_.end());
    files_.erase(std::unique(files_.begin(), files_.end()), files_.end());
    std::string text;
    for (const std::string& path : files_) text += path + '\0';
    return base::write_file_atomic(list_, text, 0600);
}

std::string Workspace::blob_id(const std::string& path) const {
    auto content = base::read_file(root_ / path);
    if (!content) return {};
    return base::sha1_hex("blob " + std::to_string(content->size()) + std::string(1, '\0') +
                          *content);
}

std::unique_ptr<job::Sources> Workspace::sources() const {
    std::vector<std::string> tar{"tar", "--create", "--file=-"};
    if (!repository_.empty()) tar.insert(tar.end(), {"-C", repository_.string(), ".git"});
    tar.insert(tar.end(), {"-C", root_.string(), "--no-recursion", "--ignore-failed-read", "--null",
                           "--verbatim-files-from", "--files-from=" + list_.string()});
    const std::string notice =
        clean_ ? fmt::format("Copying commit {} ({} files)...", sha_.substr(0, kShortSha),
                             files_.size())
               : fmt::format("Copying the work tree, with what is not committed ({} files)...",
                             files_.size());
    return std::make_unique<TreeSources>(std::move(tar), notice);
}

}  // namespace runner::local
