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

/// The time at which a token is replaced, in UTC seconds: three quarters of its life after the
/// server made it (runner-protocol.md §2.4). nullopt for a token that never expires, and for one
/// whose dates cannot be read. Pure.
std::optional<std::int64_t> rotation_time(const config::RunnerConfig& runner);

/// Replaces authentication tokens before they expire, and writes the new ones into config.toml.
///
/// The server refuses the old token as soon as it has answered. So the rotation first makes sure
/// that the file can be written, and then tries to write it until it succeeds. `changed` is called
/// after each attempt to write; its argument says whether the configuration must be read again. A
/// refusal by the server is logged once, with the remedy; after other failures the rotation asks
/// again later. Entries that share a token get the new one together.
///
/// Life: configure(), then run(), which ends after stop(), once a request in progress is answered.
/// Strand: the I/O thread.
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
