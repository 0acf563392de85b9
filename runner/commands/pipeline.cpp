#include <fmt/format.h>

#include <cstdio>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/pipeline_context.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/view/view.hpp"

namespace runner::commands {

namespace {

using nlohmann::ordered_json;
using pipeline::view::CreatedPipeline;

constexpr int kWrongUsage = 2;

/// What the words and --format ask for.
struct ViewRequest {
    std::string what;  ///< list, show or graph
    std::string format;
    std::vector<std::string> jobs;
};

base::Result<ViewRequest> read_request(const Values& values) {
    const auto& words = values.words();
    const std::vector<std::string> known{"list", "show", "graph"};
    if (words.empty())
        return base::invalid_input("`runner pipeline` is followed by list, show or graph");
    ViewRequest request{words.front(), values.text("format"), {words.begin() + 1, words.end()}};
    const bool graph = request.what == "graph";
    if (!graph && request.what != "list" && request.what != "show") {
        const std::string near = base::nearest(request.what, known);
        return base::invalid_input(
            fmt::format("`runner pipeline {}` is not known{}; it is list, show or graph",
                        request.what, near.empty() ? "" : fmt::format(", did you mean {}?", near)));
    }
    if (request.what != "show" && !request.jobs.empty()) {
        return base::invalid_input(
            fmt::format("`runner pipeline {}` shows all jobs and takes no names; the "
                        "file is given with --file",
                        request.what));
    }
    if (request.format.empty()) request.format = graph ? "dot" : "text";
    const bool fits = graph ? request.format == "dot" || request.format == "mermaid"
                            : request.format == "text" || request.format == "json";
    if (!fits) {
        return base::invalid_input(fmt::format("--format of `runner pipeline {}` is {}",
                                               request.what,
                                               graph ? "dot or mermaid" : "text or json"));
    }
    return request;
}

/// Prints problems as the lint command does, but to standard error: standard output has the table
/// or the graph only.
void complain(const pipeline::Problems& problems, const pipeline::Loaded& loaded) {
    for (const auto& problem : problems) {
        std::fputs(pipeline::describe(problem, loaded).c_str(), stderr);
    }
}

ordered_json facts_json(const pipeline::plan::CreateRequest& request) {
    ordered_json out{{"ref", request.pipeline.ref},
                     {"tag", request.pipeline.is_tag},
                     {"source", request.pipeline.source},
                     {"merge_request", request.pipeline.is_merge_request},
                     {"sha", request.predefined.value("CI_COMMIT_SHA").value_or("")}};
    const auto& changed = request.repository.changed.get();
    out["changed"] = changed ? ordered_json(*changed) : ordered_json(nullptr);
    return out;
}

int answer_json(const PipelineContext& context, const pipeline::Loaded& loaded,
                const pipeline::plan::Pipeline* made, const ViewRequest& request) {
    const ordered_json lint = pipeline::lint_json(loaded, made, true);
    ordered_json out;
    for (const char* key : {"valid", "errors", "warnings", "error_places", "warning_places"}) {
        out[key] = lint.at(key);
    }
    out["facts"] = facts_json(context.request());
    if (made != nullptr) {
        out["skipped"] = context.is_skipped();
        out.update(pipeline::view::to_json({loaded, *made}, request.jobs));
    }
    print_json(out);
    return out["valid"].get<bool>() ? 0 : 1;
}

int unknown_job(const CreatedPipeline& shown, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& job : shown.loaded.configuration->jobs) names.push_back(job.name);
    const std::string near = base::nearest(name, names);
    return fail(fmt::format("there is no job \"{}\" in {}{}", name, shown.loaded.files.front().name,
                            near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

int answer_text(const PipelineContext& context, const CreatedPipeline& shown,
                const ViewRequest& request) {
    if (request.what == "graph") {
        const bool dot = request.format == "dot";
        if (shown.pipeline.errors.empty()) {
            print(dot ? pipeline::view::dot(shown) : pipeline::view::mermaid(shown));
        }
    } else {
        print(fmt::format("{}: {}\n\n", shown.loaded.files.front().name, context.summary()));
        if (context.is_skipped()) {
            print(
                std::string("The pipeline is skipped, and none of its jobs runs: the commit's "
                            "message says so.\n\n"));
        }
        print(request.what == "list" ? pipeline::view::table(shown)
                                     : pipeline::view::details(shown, request.jobs));
    }
    // When both streams go to one file, the table comes before the problems.
    std::fflush(stdout);
    complain(shown.pipeline.errors, shown.loaded);
    return shown.pipeline.errors.empty() ? 0 : 1;
}

int show_pipeline(const Values& values) {
    auto request = read_request(values);
    if (!request) return fail(request.error()), kWrongUsage;
    auto context = PipelineContext::open(values);
    if (!context) {
        fail(context.error());
        return context.error().is(base::ErrorKind::kInvalidInput) ? kWrongUsage : 1;
    }
    const auto path = (*context)->file(values.text("file"));
    auto text = read_pipeline_file(path);
    if (!text) return fail(text.error());
    const pipeline::Loaded loaded = (*context)->load(std::move(*text), path.string());
    const bool for_programs = request->format == "json";
    if (!loaded.valid()) {
        if (for_programs) return answer_json(**context, loaded, nullptr, *request);
        complain(loaded.errors, loaded);
        return fail(fmt::format("{} is not valid", path.string()));
    }
    const auto made = (*context)->create(loaded);
    const CreatedPipeline shown{loaded, made};
    const auto unknown = pipeline::view::unknown_jobs(shown, request->jobs);
    if (!unknown.empty()) return unknown_job(shown, unknown.front());
    return for_programs ? answer_json(**context, loaded, &made, *request)
                        : answer_text(**context, shown, *request);
}

}  // namespace

Command pipeline_command() {
    std::vector<Flag> flags{
        text_flag({"file", "f"}, "FILE", "default: .gitlab-ci.yml"),
        text_flag({"format"}, "FORMAT", "list, show: text or json; graph: dot or mermaid")};
    for (Flag& flag : pipeline_flags()) flags.push_back(std::move(flag));
    return {.name = "pipeline",
            .summary = "which jobs a pipeline would get, and why",
            .usage = "list|show [JOB …]|graph [flags]",
            .description =
                "Decides which jobs a pipeline would get, and says why each is in or out.\n"
                "list is a table, show tells everything about jobs, rule by rule, graph draws what "
                "waits for what.\n"
                "What no flag says is taken from the git checkout. Exit code 1: no pipeline; 2: "
                "wrong usage.",
            .examples =
                "  runner pipeline list\n"
                "  runner pipeline list --ref v1.0 --tag --format json\n"
                "  runner pipeline show deploy --merge-request --target main --var DEPLOY=yes\n"
                "  runner pipeline graph | dot -Tsvg > pipeline.svg\n",
            .flags = std::move(flags),
            .run = show_pipeline,
            .subcommands = {"list", "show", "graph"},
            .takes_words = true,
            .wrong_usage = kWrongUsage};
}

}  // namespace runner::commands
