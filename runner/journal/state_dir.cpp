#include "runner/journal/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/strings.hpp"

namespace runner::journal {

namespace fs = std::filesystem;

fs::path state_directory_for(const fs::path& config_path) {
    const char* given = std::getenv("STATE_DIRECTORY");
    if (given != nullptr && *given != '\0') return base::split(given, ':').front();
    if (config_path == "/etc/gitlab-runner/config.toml") return "/var/lib/runner";
    return config_path.parent_path() / ".runner-state";
}

namespace {

base::Error unusable(const base::Error& error, const fs::path& path) {
    base::Error said = error.with_context("the state directory " + path.string());
    said.message +=
        ": set the environment variable STATE_DIRECTORY to a directory that can be written";
    return said;
}

/// A program that a former daemon has started just before its own end holds the lock until exec(2)
/// has closed the descriptor. Nothing tells of that moment.
bool lock_soon(int file) {
    constexpr int kTries = 50;
    constexpr std::chrono::milliseconds kPause{20};
    for (int made = 1; ::flock(file, LOCK_EX | LOCK_NB) != 0; ++made) {
        if (errno != EWOULDBLOCK || made == kTries) return false;
        std::this_thread::sleep_for(kPause);
    }
    return true;
}

}  // namespace

base::Result<StateDir> StateDir::acquire(const fs::path& path) {
    if (auto made = base::make_directories(path, 0700); !made) return unusable(made.error(), path);
    if (::chmod(path.c_str(), 0700) != 0)
        return unusable(base::errno_error("make it private"), path);
    const fs::path lock_path = path / "lock";
    base::UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) return unusable(base::errno_error("open " + lock_path.string()), path);
    if (!lock_soon(lock.get())) {
        const auto holder = base::read_file(lock_path);
        const std::string pid = holder && !holder->empty()
                                    ? " (process " + std::string(base::trim(*holder)) + ")"
                                    : std::string();
        return base::make_error(
            base::ErrorKind::kConflict,
            "another runner" + pid + " uses the state directory " + path.string() +
                ": stop it, or give this one another configuration file or STATE_DIRECTORY");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.get(), 0) != 0) return base::errno_error("write " + lock_path.string());
    if (auto written = base::write_fully(lock.get(), pid); !written) return written.error();
    return StateDir(path, std::move(lock));
}

}  // namespace runner::journal
