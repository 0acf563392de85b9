#include "runner/local/manual_job_prompt.hpp"

#include "runner/local/manual_jobs.hpp"

namespace runner::local {

base::Task<std::vector<std::size_t>> ManualJobPrompt::choose(
    const std::vector<std::size_t>& manual) {
    display_.hide();
    display_.say(manual_question(jobs_, manual, prefix_));
    std::vector<std::size_t> chosen;
    while (true) {
        auto line = co_await input_.read_line();
        if (!line) break;
        ManualAnswer answer = parse_manual_answer(*line, jobs_, manual);
        if (!answer.unknown) {
            chosen = std::move(answer.chosen);
            break;
        }
        display_.say("\"" + *answer.unknown +
                     "\" is none of them. Which to play? (Enter for none)");
    }
    display_.show();
    co_return chosen;
}

}  // namespace runner::local
