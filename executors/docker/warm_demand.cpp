#include "executors/docker/warm_demand.hpp"

#include <algorithm>

namespace executors::docker {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t kMostArrivals = 16;
constexpr seconds kTogether{5};  ///< jobs of one stage of a pipeline arrive within that time
constexpr minutes kLately{30};
constexpr minutes kFirstPatience{5};
constexpr minutes kLeastPatience{2};
constexpr minutes kMostPatience{30};
constexpr int kPauses = 3;
constexpr seconds kLead{10};

seconds usual_pause(const WarmHistory& history) {
    const auto& arrivals = history.arrivals;
    const auto whole = arrivals.back() - arrivals.front();
    const auto pauses = static_cast<std::int64_t>(arrivals.size()) - 1;
    return std::chrono::duration_cast<seconds>(whole / pauses);
}

}  // namespace

void note_arrival(WarmHistory& history, WarmTime now) {
    history.arrivals.push_back(now);
    if (history.arrivals.size() > kMostArrivals) history.arrivals.pop_front();
}

void note_duration(WarmHistory& history, milliseconds duration) {
    auto& mean = history.mean_duration;
    mean = mean.count() == 0 ? duration : (mean * 3 + duration) / 4;
}

seconds patience(const WarmHistory& history) {
    if (history.arrivals.size() < 2) return kFirstPatience;
    const seconds pause = usual_pause(history);
    return std::clamp<seconds>(pause * kPauses, kLeastPatience, kMostPatience);
}

int likely_jobs(const WarmHistory& history, int warm, WarmTime now) {
    const auto& arrivals = history.arrivals;
    if (warm == 0 || arrivals.empty()) return 0;
    // warm = N: N are ready whatever comes.
    if (warm > 0) return warm;
    if (now - arrivals.back() > patience(history)) return 0;
    std::ptrdiff_t most = 1;
    for (auto first = arrivals.begin(); first != arrivals.end(); ++first) {
        if (now - *first > kLately) continue;
        const auto end = std::upper_bound(first, arrivals.end(), *first + kTogether);
        most = std::max(most, end - first);
    }
    return static_cast<int>(most);
}

std::map<std::string, int> share_places(std::vector<WarmKind> kinds, const WarmLimits& limits,
                                        WarmTime now) {
    std::erase_if(kinds, [](const auto& kind) { return kind.history->arrivals.empty(); });
    std::sort(kinds.begin(), kinds.end(), [](const auto& one, const auto& other) {
        return one.history->arrivals.back() > other.history->arrivals.back();
    });
    int places = limits.warm > 0 ? std::min(limits.warm, limits.places) : limits.places;
    std::int64_t memory = limits.memory_bytes;
    std::map<std::string, int> shares;
    for (const auto& kind : kinds) {
        int count = std::min({likely_jobs(*kind.history, limits.warm, now), kind.slots, places});
        const std::int64_t each = std::max<std::int64_t>(kind.memory_bytes, 1);
        count = static_cast<int>(std::min<std::int64_t>(count, memory / each));
        if (count <= 0) continue;
        shares[kind.family] = count;
        places -= count;
        memory -= count * each;
    }
    return shares;
}

WarmTime useful_from(const std::vector<WarmBusy>& running, int places, WarmTime now) {
    if (static_cast<int>(running.size()) < places) return now;
    WarmTime first = WarmTime::max();
    for (const auto& job : running) {
        if (job.usual.count() == 0) return now;
        const auto lead = std::max<milliseconds>(kLead, job.usual / 4);
        first = std::min(first, job.since + job.usual - lead);
    }
    return std::max(first, now);
}

}  // namespace executors::docker
