#include "runner/job/daemon_sources.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/script/stages.hpp"

namespace runner::job {

namespace {

constexpr std::size_t kShortSha = 8;

std::string config_value(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

}  // namespace

DaemonSources::~DaemonSources() {
    archiver_.reset();
    std::error_code ignored;  // the journal's own removal takes what is left
    std::filesystem::remove_all(request_.directory, ignored);
}

/// Only this file knows the token: it is git's global configuration for our calls, 0600.
base::Result<void> DaemonSources::write_config() {
    if (auto made = base::make_directories(request_.directory, 0700); !made) return made;
    const std::string clean = script::without_credentials(request_.url_with_credentials);
    std::string text = "[gc]\n\tauto = 0\n[safe]\n\tdirectory = *\n";
    if (clean != request_.url_with_credentials) {
        text += "[url " + config_value(request_.url_with_credentials) +
                "]\n\tinsteadOf = " + config_value(clean) + "\n";
    }
    if (!request_.ca_file_content.empty()) {
        const auto ca = request_.directory / "ca.pem";
        if (auto written = base::write_file_atomic(ca, request_.ca_file_content, 0600); !written) {
            return written;
        }
        text += "[http]\n\tsslCAInfo = " + config_value(ca.string()) + "\n";
    }
    return base::write_file_atomic(request_.directory / "config", text, 0600);
}

std::vector<std::string> DaemonSources::environment() const {
    return {"GIT_CONFIG_GLOBAL=" + (request_.directory / "config").string(),
            "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
            "GIT_DIR=" + (request_.directory / "repository.git").string(), "LC_ALL=C"};
}

base::Task<base::Result<void>> DaemonSources::git(std::vector<std::string> arguments,
                                                  executors::JobLog* log) {
    auto executor = co_await boost::asio::this_coro::executor;
    base::SubprocessOptions options;
    options.arguments = std::move(arguments);
    options.arguments.insert(options.arguments.begin(), "git");
    options.environment = environment();
    options.errors_with_output = true;
    auto process = base::Subprocess::start(executor, options);
    if (!process) {
        co_return process.error().with_context(
            "the image has no git and the runner's host cannot help out");
    }
    std::string output;
    while (true) {
        auto piece = co_await (*process)->read_some(4096);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        output += *piece;
    }
    auto status = co_await (*process)->wait();
    if (!status) co_return status.error();
    const std::string said(base::trim(output));
    if (log != nullptr && !said.empty()) log->print(said);
    if (*status != 0) {
        co_return base::make_error(base::ErrorKind::kUnavailable,
                                   fmt::format("git {} failed with exit code {}: {}",
                                               options.arguments[1], *status, said));
    }
    co_return base::Result<void>();
}

base::Task<base::Result<void>> DaemonSources::fetch(executors::JobLog& log) {
    if (auto written = write_config(); !written) co_return written.error();
    std::vector<std::string> init{"init", "--bare", "--quiet"};
    if (request_.object_format == "sha256") init.emplace_back("--object-format=sha256");
    auto made = co_await git(std::move(init), nullptr);
    if (!made) co_return made.error();
    log.notice(request_.depth > 0
                   ? fmt::format("Fetching changes with git depth set to {}...", request_.depth)
                   : std::string("Fetching changes..."));
    std::vector<std::string> fetch{"fetch", "--quiet", "--no-recurse-submodules"};
    if (request_.depth > 0) fetch.push_back("--depth=" + std::to_string(request_.depth));
    fetch.push_back(script::without_credentials(request_.url_with_credentials));
    fetch.insert(fetch.end(), request_.refspecs.begin(), request_.refspecs.end());
    auto fetched = co_await git(std::move(fetch), &log);
    if (!fetched) co_return fetched.error();
    log.notice(fmt::format("Checking out {} as detached HEAD (ref is {})...",
                           request_.sha.substr(0, kShortSha), request_.ref));
    std::vector<std::string> check{"cat-file", "-e", request_.sha + "^{commit}"};
    auto there = co_await git(std::move(check), &log);
    if (!there) {
        co_return base::make_error(base::ErrorKind::kNotFound,
                                   "the commit " + request_.sha + " is not on the server");
    }
    log.notice("Skipping Git submodules setup");
    co_return base::Result<void>();
}

base::Result<protocol::http::BodySource> DaemonSources::archive(
    const boost::asio::any_io_executor& executor) {
    base::SubprocessOptions options;
    // The modes of the index alone: who unpacks is not who works with it.
    options.arguments = {"git", "-c", "tar.umask=0", "archive", "--format=tar", request_.sha};
    options.environment = environment();
    auto archiver = ProgramBody::start(executor, options);
    if (!archiver) return archiver.error();
    archiver_ = std::move(*archiver);
    protocol::http::BodySource source = [this] { return archiver_->next(); };
    return source;
}

}  // namespace runner::job
