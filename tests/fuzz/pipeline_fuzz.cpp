// Loads a configuration, prints the answer of lint, creates pipelines and runs them through the
// state machine. An input may contain several files: a line "#file NAME" begins another file, which
// can be included. The file "inputs" contains the inputs.

#include <string>

#include "base/json.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"
#include "runner/pipeline/state/pipeline_state.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/runner/pipeline/memory_source.hpp"

namespace {

using namespace runner::pipeline;
using tests::fuzz::require;

constexpr std::string_view kMain = ".gitlab-ci.yml";
constexpr std::string_view kInputs = "inputs";

using tests::MemorySource;
using Files = MemorySource::Files;

Files split_files(std::string_view text) {
    constexpr std::string_view kSeparator = "#file ";
    Files files;
    std::string name(kMain);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, end);
        if (line.starts_with(kSeparator)) {
            name = line.substr(kSeparator.size());
            while (name.ends_with('\n')) name.pop_back();
        } else {
            files[name] += line;
        }
        text.remove_prefix(end);
    }
    return files;
}

void check_positions(const Problems& problems, const Loaded& loaded) {
    for (const Problem& problem : problems) {
        require(!problem.text.empty(), "a problem has a text");
        require(!problem.mark.known() || problem.mark.file < loaded.files.size(),
                "a position is in a file");
        describe(problem, loaded);
    }
}

/// The merged file that lint prints must have the same values when it is loaded.
void check_round_trip(const Loaded& loaded) {
    if (!loaded.merged) return;
    const auto again = yaml::load(yaml::to_yaml(*loaded.merged));
    require(again.has_value(), "the merged file is YAML");
    require(yaml::to_json(*again) == yaml::to_json(*loaded.merged),
            "the merged file means the same");
}

std::vector<state::PipelineJob> runs_of(const plan::Pipeline& pipeline,
                                        const plan::Configuration& configuration) {
    std::vector<state::PipelineJob> runs;
    for (const plan::PlannedJob& planned : pipeline.jobs) {
        state::PipelineJob run;
        run.name = planned.job->name;
        run.stage = static_cast<std::size_t>(configuration.stage_index(planned.job->stage));
        run.when = planned.when;
        run.allow_failure = planned.allow_failure;
        run.has_needs = planned.has_needs;
        for (const plan::Need& need : planned.needs) run.needs.push_back(need.job);
        runs.push_back(std::move(run));
    }
    return runs;
}

/// Runs all jobs, and plays those that can be played. The result of a job depends on its index.
void run_to_the_end(state::PipelineState state) {
    const std::size_t count = state.jobs().size();
    for (bool moved = true; moved;) {
        state.advance();
        moved = false;
        for (std::size_t i = 0; i < count; ++i) {
            const state::Status status = state.jobs()[i].status;
            if (status == state::Status::kManual || status == state::Status::kScheduled)
                state.play(i);
            if (state.jobs()[i].status != state::Status::kPending) continue;
            state.started(i);
            state.finished(i, i % 3 == 1 ? state::Status::kFailed : state::Status::kSuccess);
            moved = true;
        }
    }
    require(state.done(), "a pipeline ends");
    for (const state::PipelineJob& job : state.jobs())
        require(state::is_complete(job.status), "every job ends");
    require(state::is_complete(state.status()), "an ended pipeline has an end status");
}

void create(const Loaded& loaded, const plan::CreateRequest& request) {
    const plan::Pipeline pipeline =
        plan::create_pipeline(*loaded.configuration, loaded.parallel, request);
    check_positions(pipeline.errors, loaded);
    lint_json(loaded, &pipeline, true).dump();
    if (pipeline.errors.empty())
        run_to_the_end(state::PipelineState(runs_of(pipeline, *loaded.configuration)));
}

void create_all(const Loaded& loaded, const LoadRequest& load) {
    plan::CreateRequest request;
    request.repository = load.repository;
    request.predefined = load.variables;
    request.pipeline.ref = "main";
    request.pipeline.source = "push";
    request.pipeline.project_path = "group/project";
    create(loaded, request);
    request.repository.changed = rules::Paths{"a.yml", "src/a.rb"};
    request.pipeline.is_tag = true;
    create(loaded, request);
    request.pipeline.is_tag = false;
    request.pipeline.is_merge_request = true;
    request.pipeline.source = "merge_request_event";
    create(loaded, request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Files files = split_files(tests::fuzz::as_text(data, size));
    const auto main = files.find(std::string(kMain));
    LoadRequest request;
    if (main != files.end()) request.text = main->second;
    request.variables.set("A", "abc");
    request.variables.set("CI_COMMIT_BRANCH", "main");
    request.variables.set("CI_PIPELINE_SOURCE", "push");
    if (const auto inputs = files.find(std::string(kInputs)); inputs != files.end()) {
        if (auto value = yaml::load(inputs->second)) request.inputs = *value;
    }
    MemorySource source(files);
    request.repository.files = source.list({}, {});
    const Loaded loaded = load_configuration(request, source);
    require(loaded.valid() == loaded.configuration.has_value(), "a valid file has a configuration");
    check_positions(loaded.errors, loaded);
    check_positions(loaded.warnings, loaded);
    lint_json(loaded, nullptr, true).dump();
    check_round_trip(loaded);
    if (loaded.configuration) create_all(loaded, request);
    return 0;
}
