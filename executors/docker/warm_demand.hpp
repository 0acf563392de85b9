#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

/// How many environments should be ready ahead. Pure; the caller says what time it is.
namespace executors::docker {

using WarmTime = std::chrono::steady_clock::time_point;

/// What is known of the jobs of one kind. A plain value.
struct WarmHistory {
    std::deque<WarmTime> arrivals;              ///< of the last jobs, the newest one last
    std::chrono::milliseconds mean_duration{};  ///< of jobs that have ended; 0: none has
};

void note_arrival(WarmHistory& history, WarmTime now);
/// Newer jobs count more.
void note_duration(WarmHistory& history, std::chrono::milliseconds duration);

/// How long an environment waits for the next job after the last one: a few times the usual pause
/// between two jobs, within limits; a kind of which only one job is known is given little.
std::chrono::seconds patience(const WarmHistory& history);

/// How many jobs may come at once: as many as came together lately. 0 when the last one came longer
/// ago than patience(), unless a fixed number is configured.
int likely_jobs(const WarmHistory& history, int warm, WarmTime now);

/// One kind of jobs of a runner.
struct WarmKind {
    std::string family;
    const WarmHistory* history = nullptr;
    int slots = 0;                  ///< in which its jobs have run: no more can be made
    std::int64_t memory_bytes = 0;  ///< of one environment
};

/// What one runner may have.
struct WarmLimits {
    int warm = 0;                   ///< DockerSettings::warm
    int places = 1;                 ///< jobs that may run at once
    std::int64_t memory_bytes = 0;  ///< of all environments together
};

/// How many environments of each kind a runner should have. Kinds whose jobs came last are served
/// first; kinds that get none are not in the answer.
std::map<std::string, int> share_places(std::vector<WarmKind> kinds, const WarmLimits& limits,
                                        WarmTime now);

/// A job that runs, for the question when its place becomes free.
struct WarmBusy {
    WarmTime since;
    std::chrono::milliseconds usual{};  ///< duration of such jobs; 0: not known
};

/// From when on environments are of use: while all places are taken, no job comes before one of
/// them becomes free. Some time earlier, because the guess may be wrong.
WarmTime useful_from(const std::vector<WarmBusy>& running, int places, WarmTime now);

}  // namespace executors::docker
