#include "runner/local/server_only.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "runner/local/keyword_values.hpp"

namespace runner::local {

using pipeline::plan::Job;
using pipeline::plan::PlannedJob;
using pipeline::yaml::Value;

namespace {

/// Where a need of another pipeline points to: "job build of project a/b".
std::string place_of(const Value& need) {
    std::string text;
    if (const Value* job = need.given("job")) text = "job " + job->to_text() + " of ";
    const bool in_project = need.given("project") != nullptr;
    const char* key = in_project ? "project" : "pipeline";
    text += std::string(key) + " " + text_of(need.given(key));
    if (const Value* ref = need.given("ref")) text += " (" + ref->to_text() + ")";
    return text;
}

}  // namespace

std::vector<std::string> server_only(const PlannedJob& planned) {
    const Job& job = *planned.job;
    std::vector<std::string> sentences;
    if (const Value* tokens = job.value.given("id_tokens"); tokens != nullptr && tokens->is_map()) {
        std::vector<std::string> names;
        for (const auto& [name, unused] : tokens->entries()) names.push_back(name.to_text());
        sentences.push_back(
            fmt::format("id_tokens are signed by GitLab: {} not set here unless given with "
                        "--var or --variables-file",
                        base::join(names, ", ") + (names.size() == 1 ? " is" : " are")));
    }
    if (job.value.given("release") != nullptr) {
        sentences.emplace_back("release: no release is made from here; the script runs");
    }
    if (!job.other_needs.empty()) {
        std::vector<std::string> places;
        for (const Value& need : job.other_needs) places.push_back(place_of(need));
        sentences.push_back("needs: artifacts of other pipelines are not downloaded here: " +
                            base::join(places, ", "));
    }
    const Value* artifacts = job.value.given("artifacts");
    const Value* reports = artifacts == nullptr ? nullptr : artifacts->given("reports");
    if (reports != nullptr && reports->is_map()) {
        std::vector<std::string> types;
        for (const auto& [type, unused] : reports->entries()) {
            if (!type.is_text("dotenv")) types.push_back(type.to_text());
        }
        if (!types.empty()) {
            sentences.push_back("artifacts:reports are evaluated by GitLab only: " +
                                base::join(types, ", "));
        }
    }
    return sentences;
}

}  // namespace runner::local
