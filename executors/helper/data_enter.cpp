#include "executors/helper/data_enter.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "executors/helper/data_cleaning.hpp"
#include "executors/helper/engine_seed.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/pulled_images.hpp"

namespace executors::helper {

namespace {

/// More than the daemon gives a container that gives way (executors/docker/warm_environment.hpp).
constexpr std::int64_t kLockLimitMs = 30'000;
constexpr std::int64_t kVersionLimitMs = 10'000;
constexpr std::size_t kVersionBytes = 200;
constexpr std::size_t kConfigLimit = 1U << 20U;
constexpr std::size_t kReasonLimit = 300;
constexpr int kMostCounted = 1000;  // against a marker that a job has forged

std::string boot_id() {
    auto text = read_small_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 100);
    return text ? as_shown(text->substr(0, text->find('\n')), 100) : std::string();
}

std::string program_stamp(const std::string& program) {
    struct stat status {};
    if (::stat(program.c_str(), &status) != 0) return {};
    return std::to_string(status.st_size) + "-" + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec);
}

pid_t start_version(const std::string& program, int output) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::dup2(output, STDOUT_FILENO);
    ::execl(program.c_str(), "dockerd", "--version", nullptr);
    ::_exit(127);
}

/// What `dockerd --version` says; "" when it says nothing in time.
std::string ask_version(const std::string& program) {
    Pipe pipe = make_pipe();
    const pid_t pid = start_version(program, pipe.write.get());
    if (pid < 0) fail_errno("start dockerd");
    pipe.write.reset();
    std::string text;
    const std::int64_t until = monotonic_ms() + kVersionLimitMs;
    while (text.size() < kVersionBytes && text.find('\n') == std::string::npos) {
        pollfd watched{pipe.read.get(), POLLIN, 0};
        const std::int64_t left = until - monotonic_ms();
        if (left <= 0 || ::poll(&watched, 1, static_cast<int>(left)) <= 0) break;
        std::array<char, kVersionBytes> buffer{};
        const ssize_t count = read_some(pipe.read.get(), buffer.data(), buffer.size());
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return as_shown(text.substr(0, text.find('\n')), kVersionBytes);
}

std::string new_token() {
    auto text = read_small_file(AT_FDCWD, "/proc/sys/kernel/random/uuid", 100);
    if (!text) throw Failure("/proc/sys/kernel/random/uuid cannot be read");
    return text->substr(0, text->find('\n'));
}

/// Why the data is not used, "" when it is clean and used again.
class Decision {
  public:
    Decision(DataRoot& root, const DataEnterOptions& options) : root_(root), options_(options) {}

    /// Names of images that are left to the engine.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

    std::string make() {
        const auto found = root_.marker();
        marker_.boot = boot_id();
        marker_.engine = stamp_engine(options_.command, found ? found->engine : EngineStamp());
        if (found && found->state == DataState::kStarting && found->starts < kMostCounted)
            marker_.starts = found->starts + 1;
        std::string why = why_cold(found);
        // An empty or a fresh volume has nothing to be set aside.
        if (!why.empty() && !(options_.is_new && !found)) start_anew();
        root_.mark(marker_);
        return why;
    }

  private:
    std::string why_cold(const std::optional<DataMarker>& found) {
        if (options_.is_new && !found) return "this is the first job of its slot";
        if (root_.is_short_of_space()) return "the disk of the kept data is almost full";
        if (!found && !root_.has_data()) return "this is the first job of its slot";
        if (!found) return "the kept data has no valid marker";
        std::string why = why_not_again(*found, marker_.engine, marker_.boot);
        if (!why.empty()) return why;
        try {
            why = missing_seed({.data_root = options_.root});
            if (why.empty()) why = damage_of(root_);
            if (why.empty()) clean();
        } catch (const Failure& failure) {
            why = std::string("the kept data cannot be cleaned: ") + failure.what();
        }
        return why;
    }

    /// Between here and the answer of the engine, nobody knows what state the data is in.
    void clean() {
        root_.mark(marker_);
        clean_data(root_, options_.kept_volume);
        if (options_.revalidate) names_ = forget_pulled_images(root_, options_.own_images);
    }

    void start_anew() {
        root_.forget_marker();
        root_.set_aside_all();
        marker_.starts = 1;
        // The rest is removed when the engine runs.
        if (root_.is_short_of_space()) root_.empty_trash();
    }

    DataRoot& root_;
    const DataEnterOptions& options_;
    DataMarker marker_;
    std::vector<std::string> names_;
};

}  // namespace

EngineStamp stamp_engine(const std::vector<std::string>& command, const EngineStamp& known) {
    EngineStamp stamp;
    const std::string program = find_next_in_path("dockerd");
    stamp.program = program_stamp(program);
    const bool same = !stamp.program.empty() && stamp.program == known.program;
    if (same) {
        stamp.version = known.version;
    } else if (!program.empty()) {
        stamp.version = ask_version(program);
    }
    const auto file = read_small_file(AT_FDCWD, "/etc/docker/daemon.json", kConfigLimit);
    stamp.store = storage_settings(file.value_or(""), command, environment_or("DOCKER_DRIVER", ""));
    return stamp;
}

PreparedData prepare_data(const DataEnterOptions& options) {
    DataRoot root(options.root);
    UniqueFd lock = root.lock(kLockLimitMs);
    DataOutcome outcome;
    outcome.root = options.root;
    outcome.token = new_token();
    Decision decision(root, options);
    outcome.reason = as_shown(decision.make(), kReasonLimit);
    if (const auto marker = root.marker(); marker && outcome.reason.empty()) {
        const std::string setting = setting_elsewhere(marker->engine.store);
        if (!setting.empty()) outcome.reason = setting + " of its settings puts its data elsewhere";
    }
    outcome.warm = outcome.reason.empty();
    if (outcome.warm) outcome.names = decision.names();
    write_outcome(outcome, options.outcome_file);
    return {std::move(lock), std::move(outcome)};
}

int enter_data(const DataEnterOptions& options) {
    if (options.command.empty()) throw Failure("enter-data needs a command");
    const PreparedData prepared = prepare_data(options);
    ::setenv(kTokenVariable, prepared.outcome.token.c_str(), 1);
    std::vector<std::string> words = options.command;
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    std::fprintf(stderr, "runner-helper: %s\n", errno_text("run " + words[0], errno).c_str());
    return errno == ENOENT ? 127 : 126;
}

}  // namespace executors::helper
