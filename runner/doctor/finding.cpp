#include "runner/doctor/finding.hpp"

#include <utility>

namespace runner::doctor {

std::string_view to_string(Place place) {
    switch (place) {
        case Place::kHost: return "host";
        case Place::kEngine: return "engine";
        case Place::kJob: return "job";
        case Place::kInnerEngine: return "inner-engine";
        case Place::kBuilder: return "builder";
    }
    return "";
}

std::string_view to_string(State state) {
    switch (state) {
        case State::kProblem: return "problem";
        case State::kWarning: return "warning";
        case State::kOk: return "ok";
        case State::kSkipped: return "skipped";
    }
    return "";
}

Finding ok(std::string seen) { return {State::kOk, std::move(seen), {}}; }
Finding warning(std::string seen, std::string remedy) {
    return {State::kWarning, std::move(seen), std::move(remedy)};
}
Finding problem(std::string seen, std::string remedy) {
    return {State::kProblem, std::move(seen), std::move(remedy)};
}
Finding skipped(std::string seen, std::string remedy) {
    return {State::kSkipped, std::move(seen), std::move(remedy)};
}

Finding silent() { return {State::kSkipped, {}, {}}; }
bool is_silent(const Finding& finding) { return finding.seen.empty(); }

}  // namespace runner::doctor
