#include "runner/daemon/config_reloader.hpp"

#include "base/log.hpp"

namespace runner::daemon {

namespace {

constexpr std::chrono::seconds kInterval{3};

}  // namespace

ConfigReloader::ConfigReloader(const boost::asio::any_io_executor& executor,
                               std::filesystem::path path, std::function<void()> on_change)
    : executor_(executor), path_(std::move(path)), on_change_(std::move(on_change)) {}

void ConfigReloader::open() {
    auto watch = ConfigWatch::open(executor_, path_);
    if (watch) {
        watch_.emplace(std::move(*watch));
        return;
    }
    base::log::warning("Changes of the configuration are seen only after SIGHUP",
                       {{"error", watch.error().message}});
}

base::Task<void> ConfigReloader::watch() {
    while (watch_) {
        auto changed = co_await watch_->next_change();
        if (!changed) co_return;
        look();
    }
}

/// Notices changes that inotify does not report: behind a symbolic link (Kubernetes swaps a
/// directory), on a network file system, or of the file's time.
base::Task<void> ConfigReloader::poll() {
    while (true) {
        const bool slept = co_await base::sleep_for(kInterval);
        if (!slept) co_return;
        look();
    }
}

/// Ignores a version that was read already: editors write in several steps, and this daemon reads
/// the file itself after it has written a token.
void ConfigReloader::look() {
    const std::string stamp = file_stamp(path_);
    if (stamp.empty() || stamp == stamp_) return;
    on_change_();
}

}  // namespace runner::daemon
