#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/task.hpp"
#include "runner/daemon/runner_entry.hpp"

namespace runner::daemon {

/// When a token is to be replaced, in UTC seconds: three quarters of its life after it was obtained
/// (runner-protocol.md §2.4). nullopt for one that never expires, or whose dates cannot be read.
/// Pure.
std::optional<std::int64_t> rotation_time(const config::RunnerConfig& runner);

/// Replaces authentication tokens before they expire, and writes the new ones into config.toml.
///
/// The old token is dead as soon as the server answers, so the file is proved writable before the
/// question is asked, and writing is tried until it succeeds. `changed` is called after each try
/// to write; when it succeeded, the configuration is to be read again. A refusal is said once, with
/// the remedy; anything else is tried again later. Entries that share a token get the new one
/// together.
///
/// Life: configure(), run() until stop(); a request under way is ended first. Strand: the I/O
/// thread.
class TokenRotation {
  public:
    TokenRotation(const boost::asio::any_io_executor& executor, std::filesystem::path config_path,
                  std::function<void(bool saved)> changed);

    void configure(std::vector<std::shared_ptr<RunnerEntry>> entries);
    base::Task<void> run();
    void stop();

  private:
    struct Due {
        std::shared_ptr<RunnerEntry> entry;
        std::int64_t at = 0;
    };
    struct Attempts {
        int failures = 0;
        std::int64_t not_before = 0;
    };

    [[nodiscard]] std::optional<Due> next() const;
    base::Task<void> rotate(std::shared_ptr<RunnerEntry> entry);
    base::Task<void> save(std::shared_ptr<RunnerEntry> entry, protocol::gitlab::TokenAnswer answer);
    void postpone(const RunnerEntry& entry, const base::Error& error);

    std::filesystem::path config_path_;
    std::function<void(bool saved)> changed_;
    std::vector<std::shared_ptr<RunnerEntry>> entries_;
    std::map<std::string, Attempts> attempts_;  ///< by RunnerEntry::key
    bool stopped_ = false;
    base::Notifier wake_;
};

}  // namespace runner::daemon
