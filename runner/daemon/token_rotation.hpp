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
#include "runner/daemon/kept_tokens.hpp"
#include "runner/daemon/runner_entry.hpp"

namespace runner::daemon {

/// The time at which a token is replaced, in UTC seconds: three quarters of its life after the
/// server made it (runner-protocol.md §2.4). nullopt for a token that never expires, and for one
/// whose dates cannot be read. Pure.
std::optional<std::int64_t> rotation_time(const config::RunnerConfig& runner);

/// Replaces authentication tokens before they expire, and writes the new ones into config.toml.
///
/// The server refuses the old token as soon as it has answered. So the rotation first makes sure
/// that the file can be written; a token that cannot be written all the same goes to `kept`, from
/// which it is used and written later. `changed` is called after each attempt to write, and reads
/// the configuration again; its argument says whether the file has every new token. A refusal by
/// the server is logged once, with the remedy; after other failures the rotation asks again later.
/// Entries that share a token get the new one together.
///
/// Life: configure(), then run(), which ends after stop(), once a request in progress is answered.
/// Strand: the I/O thread.
class TokenRotation {
  public:
    TokenRotation(const boost::asio::any_io_executor& executor, std::filesystem::path config_path,
                  KeptTokens& kept, std::function<void(bool saved)> changed);

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
    void save(const RunnerEntry& entry, const protocol::gitlab::TokenAnswer& answer);
    void write_kept();
    void postpone(const RunnerEntry& entry, const base::Error& error);
    void try_later(const RunnerEntry& entry, std::string_view message, const base::Error& error);

    static constexpr std::int64_t kNever = INT64_MAX;

    std::filesystem::path config_path_;
    KeptTokens& kept_;
    std::function<void(bool saved)> changed_;
    std::vector<std::shared_ptr<RunnerEntry>> entries_;
    std::map<std::string, Attempts> attempts_;  ///< by RunnerEntry::key
    std::int64_t write_at_ = kNever;            ///< when the tokens of `kept_` are written
    std::int64_t write_pause_ = 1;              ///< seconds after the next failure
    bool stopped_ = false;
    base::Notifier wake_;
};

}  // namespace runner::daemon
