#include "runner/daemon/token_rotation.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace runner::daemon {

namespace {

constexpr std::string_view kSwitchedOff = "FF_DISABLE_AUTOMATIC_TOKEN_ROTATION";
/// The wall clock can be set: it is looked at this often at least.
constexpr std::chrono::hours kLongestSleep{1};
constexpr std::int64_t kFirstPause = 30;
constexpr std::int64_t kLongestPause = 3600;

std::int64_t now_seconds() { return base::unix_micros_now() / 1'000'000; }

bool is_switched_off(const config::RunnerConfig& runner) {
    const auto flag = runner.feature_flags.find(std::string(kSwitchedOff));
    return flag != runner.feature_flags.end() && flag->second;
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
                             std::filesystem::path config_path, KeptTokens& kept,
                             std::function<void(bool saved)> changed)
    : config_path_(std::move(config_path)),
      kept_(kept),
      changed_(std::move(changed)),
      wake_(executor) {}

void TokenRotation::configure(std::vector<std::shared_ptr<RunnerEntry>> entries) {
    entries_ = std::move(entries);
    attempts_.clear();
    if (!kept_.empty()) write_at_ = 0;
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
        if (write_at_ <= now_seconds()) write_kept();
        const auto due = next();
        const std::int64_t at = std::min(due ? due->at : kNever, write_at_);
        const std::int64_t left = at == kNever ? kNever : at - now_seconds();
        if (left == kNever) {
            co_await wake_.wait();
        } else if (left > 0) {
            const auto pause =
                std::min<std::chrono::seconds>(std::chrono::seconds(left), kLongestSleep);
            co_await wake_.wait_for(pause);
        } else if (due && due->at == at) {
            co_await rotate(due->entry);
        }
    }
    if (!kept_.empty()) write_kept();
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
    if (const auto writable = check_token_edit(config_path_, runner); !writable) {
        try_later(*entry,
                  "The runner's token expires soon and is not replaced, because the new one could "
                  "not be saved; this is tried again",
                  writable.error());
        co_return;
    }
    auto answer = co_await entry->client->reset_token(runner.token);
    if (answer)
        save(*entry, *answer);
    else
        postpone(*entry, answer.error());
}

void TokenRotation::save(const RunnerEntry& entry, const protocol::gitlab::TokenAnswer& answer) {
    const auto expires = base::parse_rfc3339(answer.token_expires_at);
    const NewToken token{
        .url = entry.runner->url,
        .old_token = entry.runner->token,
        .token = answer.token,
        .dates = {base::rfc3339_utc(now_seconds()), expires ? base::rfc3339_utc(*expires) : ""}};
    const auto saved = write_token(config_path_, token);
    if (saved) {
        base::log::info(
            *saved ? "The runner's token was replaced"
                   : "The runner's token was replaced, but no entry has the old one any more",
            {{"runner", entry.short_token},
             {"runner_name", entry.runner->name},
             {"token_expires_at",
              token.dates.expires_at.empty() ? "never" : token.dates.expires_at}});
        changed_(true);
        return;
    }
    const auto kept = kept_.keep(token);
    base::log::error(
        "The runner's token was replaced, and the new one cannot be written into the "
        "configuration: it is used, and writing is tried again",
        {{"runner", entry.short_token},
         {"runner_name", entry.runner->name},
         {"error", saved.error().message},
         {"kept_in", kept ? kept_.file().string() : "memory only: do not stop this process"}});
    write_at_ = now_seconds() + 1;
    changed_(false);
}

/// Writes what could not be written earlier.
void TokenRotation::write_kept() {
    write_at_ = kNever;
    const auto written = kept_.write_into(config_path_);
    if (!written) {
        write_at_ = now_seconds() + write_pause_;
        base::log::error("A new token still cannot be written into the configuration",
                         {{"error", written.error().message}, {"next_try_s", write_pause_}});
        write_pause_ = std::min(write_pause_ * 2, kFirstPause);
        return;
    }
    write_pause_ = 1;
    base::log::info("The configuration has the new tokens of its runners",
                    {{"path", config_path_.string()}});
    changed_(true);
}

void TokenRotation::postpone(const RunnerEntry& entry, const base::Error& error) {
    if (error.is(base::ErrorKind::kForbidden) || error.is(base::ErrorKind::kUnauthorized)) {
        attempts_[entry.key].not_before = kNever;
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
    try_later(entry, "The runner's token could not be replaced; this is tried again", error);
}

void TokenRotation::try_later(const RunnerEntry& entry, std::string_view message,
                              const base::Error& error) {
    auto& attempts = attempts_[entry.key];
    const auto doublings = std::min(attempts.failures++, 7);
    const std::int64_t pause = std::min(kFirstPause << doublings, kLongestPause);
    attempts.not_before = now_seconds() + pause;
    base::log::warning(message, {{"runner", entry.short_token},
                                 {"runner_name", entry.runner->name},
                                 {"token_expires_at", entry.runner->token_expires_at},
                                 {"next_try_s", pause},
                                 {"error", error.message}});
}

}  // namespace runner::daemon
