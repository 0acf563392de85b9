#include "runner/migrate/service.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.hpp"
#include "base/strings.hpp"

namespace runner::migrate {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDropIn = "50-graceful-stop.conf";

}  // namespace

base::Result<void> ServiceSwitch::replace(const std::string& from, const std::string& by) {
    auto stopped = stop_gracefully(from);
    if (!stopped) return stopped.error();
    auto started = start(by);
    if (started) return {};
    say_(fmt::format("{} does not start: starting {} again", by, from));
    // systemd would go on trying, and the two would run side by side.
    auto again = call({"disable", "--now", by + ".service"});
    if (again) again = start(from);
    // Both failures matter: with the second one, no service runs.
    if (!again) {
        return base::make_error(started.error().kind,
                                started.error().message + "; " + again.error().message);
    }
    return started.error();
}

base::Result<void> ServiceSwitch::stop_gracefully(const std::string& name) {
    const fs::path directory = units_ / (name + ".service.d");
    auto made = base::make_directories(directory, 0755);
    if (!made) return made.error();
    auto written = base::write_file_atomic(
        directory / kDropIn,
        "[Service]\nKillMode=process\nKillSignal=SIGQUIT\nTimeoutStopSec=infinity\n", 0644);
    if (!written) return written.error();
    auto called = call({"daemon-reload"});
    if (called) called = call({"disable", name + ".service"});
    if (called) say_(fmt::format("Stopping {}: this waits until its jobs have ended", name));
    if (called) called = call({"stop", name + ".service"});
    if (!called && called.error().is(base::ErrorKind::kCancelled)) {
        // The stop goes on, and needs its settings.
        return base::make_error(
            base::ErrorKind::kCancelled,
            fmt::format(
                "interrupted: {0} goes on to stop, and nothing is started in its place. The "
                "same command goes on, `systemctl enable --now {0}` undoes it",
                name));
    }
    std::error_code gone;
    fs::remove(directory / kDropIn, gone);
    fs::remove(directory, gone);  // fails when somebody else has a file there
    if (auto reloaded = call({"daemon-reload"}); called && !reloaded) return reloaded;
    return called;
}

base::Result<void> ServiceSwitch::start(const std::string& name) {
    say_(fmt::format("Starting {}", name));
    return call({"enable", "--now", name + ".service"});
}

base::Result<void> ServiceSwitch::call(std::vector<std::string> arguments) {
    const std::string words = base::join(arguments, " ");
    auto ended = systemctl_(std::move(arguments));
    if (!ended) return ended.error();
    if (ended->status == 0) return {};
    return base::make_error(base::ErrorKind::kUnavailable,
                            fmt::format("`systemctl {}` ended with {}: {}", words, ended->status,
                                        base::trim(ended->output)));
}

}  // namespace runner::migrate
