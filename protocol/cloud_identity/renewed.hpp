#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace protocol::cloud_identity {

inline constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

/// A value that counts until `end` (Unix seconds).
template <typename T>
struct Expiring {
    T value{};
    std::int64_t end = kNoEnd;
};

/// Gets credentials from where they are. Calls do not overlap. The message of a failure says what
/// was tried and the remedy.
template <typename T>
class Source {
  public:
    virtual ~Source() = default;
    virtual base::Task<base::Result<Expiring<T>>> fetch() = 0;
};

/// Credentials for many users: they are fetched once, by the first who asks, and again five minutes
/// before they end. When that fails, those that still count are used. A failure is answered to all
/// who waited for it; where nobody has answered, also to those who ask within the next 30 seconds.
///
/// Life: shared by the jobs of a configuration entry; outlives its calls. Strand: the I/O thread;
/// calls may overlap. A call that is cancelled leaves the fetching to the next one that waits.
template <typename T>
class Renewed {
  public:
    Renewed(const boost::asio::any_io_executor& executor, std::unique_ptr<Source<T>> source,
            const base::Clock& clock)
        : source_(std::move(source)), clock_(clock), changed_(executor) {}

    base::Task<base::Result<T>> get() {
        while (!is_fresh() && !failed_lately()) {
            const std::uint64_t seen = rounds_;
            if (fetching_) {
                co_await changed_.wait();
            } else {
                auto renewing = renew();
                auto renewed = co_await std::move(renewing);
                if (!renewed && renewed.error().is(base::ErrorKind::kCancelled))
                    co_return renewed.error();
            }
            if (rounds_ != seen) break;  // else who fetched was cancelled
        }
        // Several that waited do not repeat a failure one after the other.
        if (failure_ && !has(0)) co_return *failure_;
        co_return kept_->value;
    }

    /// How often something was fetched, or could not be.
    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
    /// Whether there are credentials that still count.
    [[nodiscard]] bool holds() const { return has(0); }

    /// A service has refused the credentials: the next call fetches others, at most once a minute.
    /// Answers whether there may be others; those without an end stay what they are.
    bool doubt() {
        if (!kept_ || kept_->end == kNoEnd) return false;
        doubted_ = doubted_ || clock_.now() - kept_since_ >= kLeastAge;
        return true;
    }

  private:
    static constexpr std::int64_t kMarginSeconds = 300;
    static constexpr std::chrono::seconds kFailureLasts{30};
    static constexpr std::chrono::minutes kLeastAge{1};

    [[nodiscard]] bool has(std::int64_t margin) const {
        return kept_ &&
               (kept_->end == kNoEnd || clock_.unix_micros() / 1'000'000 + margin < kept_->end);
    }
    [[nodiscard]] bool is_fresh() const { return has(kMarginSeconds) && !doubted_; }
    /// Who hangs is not asked again for each request.
    [[nodiscard]] bool failed_lately() const {
        const bool no_answer = failure_ && (failure_->is(base::ErrorKind::kUnavailable) ||
                                            failure_->is(base::ErrorKind::kTimeout));
        return no_answer && clock_.now() - failed_at_ < kFailureLasts;
    }
    static void tell(const base::Error& why) {
        base::log::warning("Credentials could not be renewed; those that still count are used",
                           {{"error", why.message}});
    }
    /// Ends the fetching, also when the coroutine is cancelled.
    struct Turn {
        explicit Turn(Renewed& owner_of) : owner(owner_of) { owner.fetching_ = true; }
        ~Turn() {
            owner.fetching_ = false;
            owner.changed_.notify_all();
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        Renewed& owner;
    };
    base::Task<base::Result<void>> renew() {
        const Turn turn(*this);
        auto fetching = source_->fetch();
        auto fetched = co_await std::move(fetching);
        if (!fetched && fetched.error().is(base::ErrorKind::kCancelled)) co_return fetched.error();
        ++rounds_;
        doubted_ = false;
        failure_.reset();
        if (!fetched) {
            failure_ = fetched.error();
            failed_at_ = clock_.now();
            if (has(0)) tell(*failure_);
            co_return fetched.error();
        }
        kept_ = std::move(*fetched);
        kept_since_ = clock_.now();
        co_return base::Result<void>();
    }

    std::unique_ptr<Source<T>> source_;
    const base::Clock& clock_;
    base::Notifier changed_;
    bool fetching_ = false;
    std::uint64_t rounds_ = 0;  ///< that were not cancelled
    std::optional<base::Error> failure_;
    std::chrono::steady_clock::time_point failed_at_;
    std::optional<Expiring<T>> kept_;
    std::chrono::steady_clock::time_point kept_since_;
    bool doubted_ = false;
};

}  // namespace protocol::cloud_identity
