#include "executors/docker/credential_helper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/offload.hpp"
#include "base/strings.hpp"
#include "executors/docker/engine_json.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

constexpr std::chrono::seconds kLimit{30};
constexpr std::size_t kMaxOutput = 1U << 20U;

Result<void> check_name(const std::string& helper) {
    if (helper.empty() || helper.find('/') != std::string::npos || helper.front() == '.') {
        return make_error(ErrorKind::kInvalidInput,
                          "credential helper \"" + helper + "\": path traversal is not allowed");
    }
    return {};
}

struct Child {
    pid_t pid = -1;
    base::UniqueFd input;
    base::UniqueFd output;
};

Result<Child> spawn_helper(const std::string& program, const std::string& verb) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0) return base::errno_error("make a pipe");
    base::UniqueFd child_in(in[0]);
    Child child;
    child.input = base::UniqueFd(in[1]);
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return base::errno_error("make a pipe");
    child.output = base::UniqueFd(out[0]);
    base::UniqueFd child_out(out[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_in.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, child_out.get(), 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::string program_text = program;
    std::string verb_text = verb;
    std::array<char*, 3> arguments{program_text.data(), verb_text.data(), nullptr};
    const int failed =
        ::posix_spawnp(&child.pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        auto error = base::errno_error(failed, "start the credential helper " + program);
        error.kind = ErrorKind::kIo;  // kNotFound is the answer of a helper that ran
        return error;
    }
    return child;
}

/// Runs on the blocking pool. Ends within the limit.
Result<std::string> run_helper(const std::string& helper, const std::string& verb,
                               const std::string& input) {
    const std::string program = "docker-credential-" + helper;
    auto child = spawn_helper(program, verb);
    if (!child) return child.error();
    // The name of a registry fits into the buffer of any pipe. A helper that does not read it
    // decides by its exit code.
    if (::write(child->input.get(), input.data(), input.size()) < 0 && errno != EPIPE) {
        ::kill(child->pid, SIGKILL);
    }
    child->input.reset();
    std::string output;
    std::array<char, 4096> buffer{};
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    bool late = false;
    while (output.size() < kMaxOutput) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd waiting{child->output.get(), POLLIN, 0};
        late = left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0;
        if (late) break;
        const ssize_t got = ::read(child->output.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (late) ::kill(child->pid, SIGKILL);
    child->output.reset();
    int status = 0;
    while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (late) return make_error(ErrorKind::kTimeout, program + " did not answer within 30 s");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return make_error(ErrorKind::kNotFound, program + " " + verb + " failed");
    }
    return output;
}

Task<Result<std::string>> run(std::string helper, std::string verb, std::string input) {
    std::function<Result<std::string>()> work = [helper, verb, input] {
        return run_helper(helper, verb, input);
    };
    auto output = co_await base::offload<Result<std::string>>(std::move(work));
    co_return std::move(output);
}

}  // namespace

Task<Result<Credential>> ask_credential_helper(std::string helper, std::string registry) {
    auto named = check_name(helper);
    if (!named) co_return named.error();
    auto output = co_await run(helper, "get", registry);
    if (!output) co_return output.error();
    const json value = base::parse_foreign_json(*output);
    Credential credential;
    credential.username = text_at(value, "Username");
    const std::string secret = text_at(value, "Secret");
    if (secret.empty()) {
        co_return make_error(ErrorKind::kNotFound,
                             "docker-credential-" + helper + " knows nothing of " + registry);
    }
    if (credential.username == "<token>") {
        credential.identity_token = base::Secret(secret);
    } else {
        credential.password = base::Secret(secret);
    }
    co_return credential;
}

Task<Result<std::map<std::string, Credential>>> ask_credential_store(std::string store) {
    auto named = check_name(store);
    if (!named) co_return named.error();
    auto output = co_await run(store, "list", "");
    if (!output) co_return output.error();
    const json value = base::parse_foreign_json(*output);
    std::map<std::string, Credential> all;
    if (!value.is_object()) co_return all;
    for (auto item = value.begin(); item != value.end(); ++item) {
        auto credential = co_await ask_credential_helper(store, item.key());
        if (credential) all[registry_path(item.key())] = *credential;
    }
    co_return all;
}

}  // namespace executors::docker
