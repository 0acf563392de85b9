#include "runner/job/daemon_sources.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/script/git_config.hpp"

namespace runner::job {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPieceBytes = 4096;
constexpr std::size_t kLongestLine = 8192;

/// Settings that the configuration of a repository cannot change.
constexpr std::array<std::pair<const char*, const char*>, 3> kEnforced{{
    {"core.hooksPath", "/dev/null"},
    {"core.fsmonitor", "false"},
    // A symbolic link in a submodule could lead a later write out of the directory.
    {"core.symlinks", "false"},
}};

/// Runs the script and kills its process group when standard input ends, which happens when the
/// daemon dies.
constexpr const char* kGuarded =
    "exec 3<&0; { read -r _ <&3; kill -KILL 0; } > /dev/null 2>&1 & exec sh \"$0\" 3<&- < "
    "/dev/null";

constexpr std::array<const char*, 11> kInherited{
    "PATH",      "http_proxy", "HTTP_PROXY", "https_proxy",   "HTTPS_PROXY", "all_proxy",
    "ALL_PROXY", "no_proxy",   "NO_PROXY",   "SSL_CERT_FILE", "SSL_CERT_DIR"};

std::string joined(const std::string& directory, const std::string& path) {
    if (directory.empty()) return path;
    return path.empty() ? directory : directory + "/" + path;
}

}  // namespace

DaemonSources::DaemonSources(SourcesRequest request)
    : request_(std::move(request)), git_(git_directories(request_.directory)) {}

DaemonSources::~DaemonSources() {
    archiver_.reset();
    std::error_code ignored;  // the removal of the job's journal removes what is left
    fs::remove_all(request_.directory, ignored);
}

script::GitDirectories DaemonSources::git_directories(const fs::path& directory) {
    return {directory / "project", directory / "tmp"};
}

base::Result<void> DaemonSources::make_directories() {
    std::error_code ignored;  // what a former daemon left; making the directories finds a failure
    fs::remove_all(request_.directory, ignored);
    const fs::path template_info = fs::path(git_.tmp) / "git-template/info";
    for (const fs::path& directory : {request_.directory, fs::path(home()), template_info}) {
        if (auto made = base::make_directories(directory, 0700); !made) return made;
    }
    // A job gets all files of a checkout; export attributes are for releases.
    const auto attributes = template_info / "attributes";
    if (auto written =
            base::write_file_atomic(attributes, "* -export-ignore -export-subst\n", 0600);
        !written) {
        return written;
    }
    // tar.umask 0: the job's user may differ from the user that unpacks the files.
    const std::string config =
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[tar]\n\tumask = "
        "0\n[init]\n\ttemplateDir = " +
        script::git_config_value(git_.tmp + "/git-template") +
        "\n[include]\n\tpath = " + script::git_config_value(script::git_config_file(git_.tmp)) +
        "\n";
    if (auto written = base::write_file_atomic(fs::path(home()) / ".gitconfig", config, 0600);
        !written) {
        return written;
    }
    // A file, because the script has the job's token and every process can read arguments.
    return base::write_file_atomic(request_.directory / "script", request_.script, 0600);
}

base::SubprocessOptions DaemonSources::program(std::vector<std::string> arguments) const {
    base::SubprocessOptions options;
    options.arguments = std::move(arguments);
    options.directory = request_.directory;
    options.inherit_environment = false;
    auto& environment = options.environment;
    environment = {"HOME=" + home(),
                   "LC_ALL=C",
                   "GIT_CONFIG_GLOBAL=" + home() + "/.gitconfig",
                   "GIT_CONFIG_NOSYSTEM=1",
                   "GIT_ATTR_NOSYSTEM=1",
                   "GIT_TERMINAL_PROMPT=0",
                   "GIT_ALLOW_PROTOCOL=http:https:git",
                   "GIT_CONFIG_COUNT=" + std::to_string(kEnforced.size())};
    for (std::size_t i = 0; i < kEnforced.size(); ++i) {
        environment.push_back(fmt::format("GIT_CONFIG_KEY_{}={}", i, kEnforced[i].first));
        environment.push_back(fmt::format("GIT_CONFIG_VALUE_{}={}", i, kEnforced[i].second));
    }
    for (const char* name : kInherited) {
        const char* value = std::getenv(name);
        if (value != nullptr) environment.push_back(std::string(name) + "=" + value);
    }
    return options;
}

/// The output of a program. An exit status other than 0 is kIo.
base::Task<base::Result<std::string>> DaemonSources::output_of(std::vector<std::string> arguments) {
    auto executor = co_await boost::asio::this_coro::executor;
    const std::string name = arguments[0] + " " + arguments.back();
    auto running = base::run_to_end(executor, program(std::move(arguments)));
    auto ended = co_await std::move(running);
    if (!ended) co_return ended.error();
    if (ended->status != 0) {
        co_return base::make_error(base::ErrorKind::kIo,
                                   fmt::format("{} failed with exit code {}", name, ended->status));
    }
    co_return std::move(ended->output);
}

/// Prints the complete lines and leaves the rest in `text`.
void DaemonSources::print_lines(executors::JobLog& log, std::string& text) const {
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        const std::string_view line(text.data() + begin, end - begin);
        log.print(base::replace_all(line, git_.project, request_.project));
        begin = end + 1;
    }
    text.erase(0, begin);
}

base::Task<base::Result<int>> DaemonSources::run_script(executors::JobLog& log) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto options = program({"sh", "-c", kGuarded, request_.directory / "script"});
    options.lifeline = true;
    options.errors_with_output = true;
    auto process = base::Subprocess::start(executor, options);
    if (!process) co_return process.error();
    std::string text;
    while (true) {
        auto piece = co_await (*process)->read_some(kPieceBytes);
        if (!piece) co_return piece.error();
        if (piece->empty() && !text.empty()) text += '\n';
        text += *piece;
        if (text.size() > kLongestLine) text += '\n';
        print_lines(log, text);
        if (piece->empty()) break;
    }
    auto status = co_await (*process)->wait();
    co_return std::move(status);
}

/// Finds the trees of the project and its submodules, and the names of all files.
base::Task<base::Result<void>> DaemonSources::list_trees() {
    std::vector<std::string> foreach{
        "git",
        "-C",
        git_.project,
        "submodule",
        "--quiet",
        "foreach",
        "--recursive",
        R"sh(printf '%s\0%s\0' "$displaypath" "$(git rev-parse --absolute-git-dir)")sh"};
    auto submodules = co_await output_of(std::move(foreach));
    if (!submodules) co_return submodules.error();
    trees_.push_back({"", git_.project + "/.git"});
    const auto parts = base::split(*submodules, '\0');
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
        trees_.push_back({parts[i], parts[i + 1]});
    std::vector<std::string> list{"git",      "-C", git_.project,
                                  "ls-files", "-z", "--recurse-submodules"};
    auto files = co_await output_of(std::move(list));
    if (!files) co_return files.error();
    files_ = std::move(*files);
    co_return base::Result<void>();
}

base::Task<base::Result<int>> DaemonSources::fetch(executors::JobLog& log) {
    trees_.clear();
    next_tree_ = 0;
    if (auto made = make_directories(); !made) co_return made.error();
    std::vector<std::string> version{"git", "--version"};
    auto present = co_await output_of(std::move(version));
    if (!present) {
        co_return present.error().with_context(
            "the image has no git and the runner's host cannot help out");
    }
    auto status = co_await run_script(log);
    if (!status || *status != 0) co_return std::move(status);
    auto seen = co_await list_trees();
    if (!seen) co_return seen.error();
    co_return 0;
}

/// Makes the repositories what git in the environment would have made: adds the include of its
/// configuration and removes the attributes, which only the archives needed.
base::Result<void> DaemonSources::finish_repositories() const {
    const std::string include =
        "[include]\n\tpath = " + script::git_config_value(request_.git_config) + "\n";
    for (const Tree& tree : trees_) {
        std::error_code failed;
        fs::remove(tree.repository + "/info/attributes", failed);
        if (failed) return base::errno_error(failed.value(), "remove " + tree.repository);
        const std::string file = tree.repository + "/config";
        auto config = base::read_file(file);
        if (!config) return config.error();
        if (auto written = base::write_file_atomic(file, *config + include, 0600); !written) {
            return written;
        }
    }
    return {};
}

base::Result<base::SubprocessOptions> DaemonSources::next_archiver() {
    if (next_tree_ < trees_.size()) {
        const std::string& tree = trees_[next_tree_].path;
        auto options = program({"git", "archive", "--format=tar"});
        if (!tree.empty()) options.arguments.push_back("--prefix=" + tree + "/");
        options.arguments.emplace_back("HEAD");
        options.directory = joined(git_.project, tree);
        return options;
    }
    if (auto done = finish_repositories(); !done) return done.error();
    auto options =
        program({"tar", "--create", "--file=-", "--owner=0", "--group=0", "--mode=a+rwX", "--"});
    // The .git of a submodule is a file with the path of its repository.
    for (const Tree& tree : trees_) options.arguments.push_back(joined(tree.path, ".git"));
    options.directory = git_.project;
    return options;
}

base::Result<std::optional<protocol::http::BodySource>> DaemonSources::next_archive(
    const boost::asio::any_io_executor& executor) {
    if (next_tree_ > trees_.size()) return std::optional<protocol::http::BodySource>();
    archiver_.reset();
    auto options = next_archiver();
    if (!options) return options.error();
    ++next_tree_;
    auto archiver = ProgramBody::start(executor, *options);
    if (!archiver) return archiver.error();
    archiver_ = std::move(*archiver);
    protocol::http::BodySource source = [this] { return archiver_->next(); };
    return std::optional(std::move(source));
}

}  // namespace runner::job
