#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "protocol/http/router.hpp"
#include "runner/status/metrics.hpp"
#include "runner/status/snapshot.hpp"
#include "runner/trace/log_feed.hpp"

namespace runner::status {

/// Where the pages of the status endpoint get what they show. Strand: the I/O thread.
class PageSource {
  public:
    virtual ~PageSource() = default;

    [[nodiscard]] virtual Snapshot now() const = 0;
    [[nodiscard]] virtual const Metrics& metrics() const = 0;
    /// The masked log of a job of now(); null when it has no log yet.
    virtual std::shared_ptr<trace::LogFeed> log_of(const JobState& job) = 0;
    /// The jobs that ended last, the newest first, at most `most`.
    virtual std::vector<RecentJob> recent(std::size_t most) = 0;
    /// Those with this number, the newest first: several servers may use it.
    virtual std::vector<RecentJob> recent_of(std::int64_t job) = 0;
};

/// Puts all pages into `router`. They change nothing and need no login, so they may be offered
/// wherever the daemon listens. `source` outlives the router.
void add_pages(protocol::http::Router& router, PageSource& source);

}  // namespace runner::status
