#pragma once

#include <array>
#include <string>
#include <string_view>

/// What `runner doctor` says about one thing. Plain values.
namespace runner::doctor {

/// From where something is looked at: a thing that works on the host may not work in a job.
enum class Place {
    kHost,         ///< where the daemon runs
    kEngine,       ///< the Docker engine that runs the jobs
    kJob,          ///< where a job's script runs
    kInnerEngine,  ///< a container of the engine that a job has
    kBuilder,      ///< a step of a build by the job's builder
};
inline constexpr std::array kPlaces{Place::kHost, Place::kEngine, Place::kJob, Place::kInnerEngine,
                                    Place::kBuilder};
/// "host", "engine", "job", "inner-engine", "builder": also what probes get as --place.
std::string_view to_string(Place place);

enum class State { kProblem, kWarning, kOk, kSkipped };
std::string_view to_string(State state);

struct Finding {
    State state = State::kOk;
    std::string seen;    ///< one line
    std::string remedy;  ///< a command, a key of config.toml or a sentence; "" when there is none
};
Finding ok(std::string seen);
Finding warning(std::string seen, std::string remedy);
Finding problem(std::string seen, std::string remedy);
Finding skipped(std::string seen, std::string remedy = {});
/// Is not reported: another line says why there is nothing to see.
Finding silent();
bool is_silent(const Finding& finding);

/// A finding of one check, as it is reported.
struct Line {
    Place place = Place::kHost;
    std::string
        where{};  ///< which of them: the engine's address, the runner's name; "" for the host
    std::string check;
    Finding finding{};
};

}  // namespace runner::doctor
