#include "runner/local/manual_jobs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/local/bridge.hpp"

namespace runner::local {

using pipeline::plan::PlannedJob;

namespace {

/// A name that may mean a job of a child pipeline.
bool may_be_of_a_child(const std::string& name, const std::vector<PlannedJob>& jobs,
                       const std::string& prefix) {
    const bool plain = name.find(" / ") == std::string::npos;
    return std::any_of(jobs.begin(), jobs.end(), [&](const PlannedJob& planned) {
        return starts_a_child(*planned.job) &&
               (plain || name.starts_with(prefix + planned.job->name + " / "));
    });
}

}  // namespace

bool is_named(const std::set<std::string>& names, const std::string& prefix,
              const pipeline::plan::Job& job) {
    return names.contains(job.name) || names.contains(job.definition) ||
           names.contains(prefix + job.name) || names.contains(prefix + job.definition);
}

base::Result<std::set<std::string>> find_manual_names(const std::vector<PlannedJob>& jobs,
                                                      const std::set<std::string>& names,
                                                      const std::string& prefix) {
    std::set<std::string> found;
    for (const std::string& name : names) {
        const bool known = std::any_of(jobs.begin(), jobs.end(), [&](const PlannedJob& planned) {
            return is_named({name}, prefix, *planned.job);
        });
        if (known) found.insert(name);
        if (known || !prefix.empty() || may_be_of_a_child(name, jobs, prefix)) continue;
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("--manual {}: there is no such job in this pipeline; `runner pipeline "
                        "list` tells which there are",
                        name));
    }
    return found;
}

std::string manual_question(const std::vector<PlannedJob>& jobs,
                            const std::vector<std::size_t>& manual, const std::string& prefix) {
    std::string text = "Manual jobs:\n";
    for (std::size_t i = 0; i < manual.size(); ++i) {
        const auto& job = *jobs[manual[i]].job;
        const auto* confirmation = job.value.given("manual_confirmation");
        text += fmt::format("  {}  {}{}  ({}){}\n", i + 1, prefix, job.name, job.stage,
                            confirmation == nullptr ? "" : "  " + confirmation->to_text());
    }
    return text + "Which to play? (numbers, \"all\", Enter for none)";
}

ManualAnswer parse_manual_answer(const std::string& line, const std::vector<PlannedJob>& jobs,
                                 const std::vector<std::size_t>& manual) {
    ManualAnswer answer;
    const std::string whole(base::trim(line));
    if (whole == "all") {
        answer.chosen = manual;
        return answer;
    }
    const auto take = [&](std::string_view word) {
        for (std::size_t i = 0; i < manual.size(); ++i) {
            if (word != std::to_string(i + 1) && word != jobs[manual[i]].job->name) continue;
            answer.chosen.push_back(manual[i]);
            return true;
        }
        return false;
    };
    if (take(whole)) return answer;
    std::string spaced = whole;
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    for (const std::string& part : base::split(spaced, ' ')) {
        const std::string word(base::trim(part));
        if (word.empty() || take(word)) continue;
        answer.unknown = word;
        return answer;
    }
    return answer;
}

}  // namespace runner::local
