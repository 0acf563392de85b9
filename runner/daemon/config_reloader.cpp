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

/// What inotify does not tell: a change behind a symbolic link (Kubernetes swaps a directory), a
/// file system of another machine, a time that was set.
base::Task<void> ConfigReloader::poll() {
    while (true) {
        const bool slept = co_await base::sleep_for(kInterval);
        if (!slept) co_return;
        look();
    }
}

/// Editors write in several steps, and a token that this daemon wrote was read already.
void ConfigReloader::look() {
    const std::string stamp = file_stamp(path_);
    if (stamp.empty() || stamp == stamp_) return;
    on_change_();
}

}  // namespace runner::daemon
