#include "runner/daemon/token_rotation.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"

namespace runner::daemon {

namespace {

constexpr std::string_view kSwitchedOff = "FF_DISABLE_AUTOMATIC_TOKEN_ROTATION";
/// The wall clock can be set: it is looked at this often at least.
constexpr std::chrono::hours kLongestSleep{1};
constexpr std::int64_t kFirstPause = 30;
constexpr std::int64_t kLongestPause = 3600;
constexpr std::int64_t kNever = INT64_MAX;

std::int64_t now_seconds() { return base::unix_micros_now() / 1'000'000; }

bool is_switched_off(const config::RunnerConfig& runner) {
    const auto flag = runner.feature_flags.find(std::string(kSwitchedOff));
    return flag != runner.feature_flags.end() && flag->second;
}

/// The text with the new token in every entry that has the old one.
base::Result<std::string> with_new_token(const std::string& text, const std::filesystem::path& path,
                                         const config::RunnerConfig& old, const base::Secret& token,
                                         const config::TokenDates& dates) {
    auto root = config::parse_toml(text, path.string());
    if (!root) return root.error();
    const auto now = config::inspect(*root, path);
    base::Result<std::string> changed = text;
    bool found = false;
    for (std::size_t i = 0; i < now.config.runners.size() && changed; ++i) {
        const auto& runner = now.config.runners[i];
        if (runner.url != old.url || runner.token != old.token) continue;
        found = true;
        changed = config::replace_token(*changed, i, token, dates);
    }
    if (found) return changed;
    return base::make_error(base::ErrorKind::kConflict,
                            "no entry has the old token any more: somebody else changed the file");
}

base::Result<void> check_writable(const std::filesystem::path& path) {
    const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (::access(directory.c_str(), W_OK) == 0) return {};
    return base::errno_error("write into " + directory.string());
}

}  // namespace

std::optional<std::int64_t> rotation_time(const config::RunnerConfig& runner) {
    const auto expires = base::parse_rfc3339(runner.token_expires_at);
    if (!expires || *expires <= 0) return std::nullopt;  // the year 1 means never
    // A token of unknown age is old enough.
    const auto obtained = base::parse_rfc3339(runner.token_obtained_at);
    if (!obtained || *obtained <= 0) return 0;
    return *obtained + (*expires - *obtained) / 4 * 3;
}

TokenRotation::TokenRotation(const boost::asio::any_io_executor& executor,
                             std::filesystem::path config_path,
                             std::function<void(bool saved)> changed)
    : config_path_(std::move(config_path)), changed_(std::move(changed)), wake_(executor) {}

void TokenRotation::configure(std::vector<std::shared_ptr<RunnerEntry>> entries) {
    entries_ = std::move(entries);
    attempts_.clear();
    wake_.notify_all();
}

void TokenRotation::stop() {
    stopped_ = true;
    wake_.notify_all();
}

std::optional<TokenRotation::Due> TokenRotation::next() const {
    std::optional<Due> first;
    for (const auto& entry : entries_) {
        auto at = rotation_time(*entry->runner);
        if (!at) continue;
        if (const auto tried = attempts_.find(entry->key); tried != attempts_.end()) {
            at = std::max(*at, tried->second.not_before);
        }
        if (!first || *at < first->at) first = Due{entry, *at};
    }
    return first;
}

base::Task<void> TokenRotation::run() {
    while (!stopped_) {
        const auto due = next();
        if (!due) {
            co_await wake_.wait();
            continue;
        }
        const std::int64_t left = due->at - now_seconds();
        if (left > 0) {
            const auto pause =
                std::min<std::chrono::seconds>(std::chrono::seconds(left), kLongestSleep);
            co_await wake_.wait_for(pause);
            continue;
        }
        co_await rotate(due->entry);
    }
}

base::Task<void> TokenRotation::rotate(std::shared_ptr<RunnerEntry> entry) {
    const auto& runner = *entry->runner;
    if (is_switched_off(runner)) {
        base::log::warning(
            "The runner's token expires soon and is not replaced, as its feature flag says",
            {{"runner", entry->short_token},
             {"runner_name", runner.name},
             {"token_expires_at", runner.token_expires_at},
             {"flag", std::string(kSwitchedOff)}});
        attempts_[entry->key].not_before = kNever;
        co_return;
    }
    if (const auto writable = check_writable(config_path_); !writable) {
        postpone(*entry, writable.error());
        co_return;
    }
    auto answer = co_await entry->client->reset_token(runner.token);
    if (!answer) {
        postpone(*entry, answer.error());
        co_return;
    }
    co_await save(entry, std::move(*answer));
}

base::Task<void> TokenRotation::save(std::shared_ptr<RunnerEntry> entry,
                                     protocol::gitlab::TokenAnswer answer) {
    const auto expires = base::parse_rfc3339(answer.token_expires_at);
    const config::TokenDates dates{base::rfc3339_utc(now_seconds()),
                                   expires ? base::rfc3339_utc(*expires) : ""};
    const auto edit = [&](const std::string& text) {
        return with_new_token(text, config_path_, *entry->runner, answer.token, dates);
    };
    for (std::int64_t pause = 1;; pause = std::min(pause * 2, kFirstPause)) {
        const auto saved = config::edit_config(config_path_, false, edit);
        if (saved) break;
        base::log::error(
            "The runner's new token cannot be written, and the old one is dead: this is tried "
            "again",
            {{"runner", entry->short_token}, {"error", saved.error().message}});
        changed_(false);
        if (stopped_) co_return;
        co_await wake_.wait_for(std::chrono::seconds(pause));
    }
    base::log::info("The runner's token was replaced",
                    {{"runner", entry->short_token},
                     {"runner_name", entry->runner->name},
                     {"token_expires_at", dates.expires_at.empty() ? "never" : dates.expires_at}});
    changed_(true);
}

void TokenRotation::postpone(const RunnerEntry& entry, const base::Error& error) {
    auto& attempts = attempts_[entry.key];
    ++attempts.failures;
    if (error.is(base::ErrorKind::kForbidden) || error.is(base::ErrorKind::kUnauthorized)) {
        attempts.not_before = kNever;
        base::log::error(
            "The server refuses to replace the runner's token: get a new one with `runner "
            "reset-token "
            "--pat-file`, or register the runner again",
            {{"runner", entry.short_token},
             {"runner_name", entry.runner->name},
             {"token_expires_at", entry.runner->token_expires_at},
             {"error", error.message}});
        return;
    }
    const auto doublings = std::min(attempts.failures - 1, 7);
    const std::int64_t pause = std::min(kFirstPause << doublings, kLongestPause);
    attempts.not_before = now_seconds() + pause;
    base::log::warning("The runner's token could not be replaced; this is tried again",
                       {{"runner", entry.short_token},
                        {"runner_name", entry.runner->name},
                        {"token_expires_at", entry.runner->token_expires_at},
                        {"next_try_s", pause},
                        {"error", error.message}});
}

}  // namespace runner::daemon
