#include <fmt/format.h>

#include <cstdio>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "runner/commands/commands.hpp"
#include "runner/commands/pipeline_scene.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/view/view.hpp"

namespace runner::commands {

namespace {

using nlohmann::ordered_json;
using pipeline::view::CreatedPipeline;

constexpr int kWrongUsage = 2;

struct Order {
    std::string what;  ///< list, show or graph
    std::string format;
    std::vector<std::string> jobs;
};

void print_json(const ordered_json& json) {
    print(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

base::Result<Order> order_of(const Values& values) {
    const auto& words = values.words();
    const std::vector<std::string> known{"list", "show", "graph"};
    if (words.empty())
        return base::invalid_input("`runner pipeline` is followed by list, show or graph");
    Order order{words.front(), values.text("format"), {words.begin() + 1, words.end()}};
    const bool graph = order.what == "graph";
    if (!graph && order.what != "list" && order.what != "show") {
        const std::string near = base::nearest(order.what, known);
        return base::invalid_input(
            fmt::format("`runner pipeline {}` is not known{}; it is list, show or graph",
                        order.what, near.empty() ? "" : fmt::format(", did you mean {}?", near)));
    }
    if (order.what != "show" && !order.jobs.empty()) {
        return base::invalid_input(
            fmt::format("`runner pipeline {}` shows all jobs and takes no names; the "
                        "file is given with --file",
                        order.what));
    }
    if (order.format.empty()) order.format = graph ? "dot" : "text";
    const bool fits = graph ? order.format == "dot" || order.format == "mermaid"
                            : order.format == "text" || order.format == "json";
    if (!fits) {
        return base::invalid_input(fmt::format("--format of `runner pipeline {}` is {}", order.what,
                                               graph ? "dot or mermaid" : "text or json"));
    }
    return order;
}

/// Errors as the lint command says them; on standard error, so that a table or a graph stays clean.
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
    out["changed"] = request.repository.changed ? ordered_json(*request.repository.changed)
                                                : ordered_json(nullptr);
    return out;
}

int answer_json(const PipelineScene& scene, const pipeline::Loaded& loaded,
                const pipeline::plan::Pipeline* made, const Order& order) {
    const ordered_json lint = pipeline::lint_json(loaded, made, true);
    ordered_json out;
    for (const char* key : {"valid", "errors", "warnings", "error_places", "warning_places"}) {
        out[key] = lint.at(key);
    }
    out["facts"] = facts_json(scene.request());
    if (made != nullptr) {
        out["skipped"] = scene.is_skipped();
        out.update(pipeline::view::to_json({loaded, *made}, order.jobs));
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

int answer_text(const PipelineScene& scene, const CreatedPipeline& shown, const Order& order) {
    if (order.what == "graph") {
        const bool dot = order.format == "dot";
        if (shown.pipeline.errors.empty()) {
            print(dot ? pipeline::view::dot(shown) : pipeline::view::mermaid(shown));
        }
    } else {
        print(fmt::format("{}: {}\n\n", shown.loaded.files.front().name, scene.summary()));
        if (scene.is_skipped()) {
            print(
                std::string("The pipeline is skipped, and none of its jobs runs: the commit's "
                            "message says so.\n\n"));
        }
        print(order.what == "list" ? pipeline::view::table(shown)
                                   : pipeline::view::details(shown, order.jobs));
    }
    // What was printed comes first where both streams are one.
    std::fflush(stdout);
    complain(shown.pipeline.errors, shown.loaded);
    return shown.pipeline.errors.empty() ? 0 : 1;
}

int show_pipeline(const Values& values) {
    auto order = order_of(values);
    if (!order) return fail(order.error()), kWrongUsage;
    auto scene = PipelineScene::open(values);
    if (!scene) {
        fail(scene.error());
        return scene.error().is(base::ErrorKind::kInvalidInput) ? kWrongUsage : 1;
    }
    const auto path = (*scene)->file(values.text("file"));
    auto text = read_pipeline_file(path);
    if (!text) return fail(text.error());
    const pipeline::Loaded loaded = (*scene)->load(std::move(*text), path.string());
    const bool json = order->format == "json";
    if (!loaded.valid()) {
        if (json) return answer_json(**scene, loaded, nullptr, *order);
        complain(loaded.errors, loaded);
        return fail(fmt::format("{} is not valid", path.string()));
    }
    const auto made = (*scene)->create(loaded);
    const CreatedPipeline shown{loaded, made};
    const auto unknown = pipeline::view::unknown_jobs(shown, order->jobs);
    if (!unknown.empty()) return unknown_job(shown, unknown.front());
    return json ? answer_json(**scene, loaded, &made, *order) : answer_text(**scene, shown, *order);
}

}  // namespace

Command pipeline_command() {
    using Kind = Flag::Kind;
    std::vector<Flag> flags{
        {{"file", "f"}, Kind::kText, "", "FILE", "default: .gitlab-ci.yml"},
        {{"format"}, Kind::kText, "", "FORMAT", "list, show: text or json; graph: dot or mermaid"}};
    for (Flag& flag : scene_flags()) flags.push_back(std::move(flag));
    return {
        "pipeline",
        "list|show [JOB …]|graph [flags]",
        "Decides which jobs a pipeline would get, and says why each is in or out.\n"
        "list is a table, show tells everything about jobs, rule by rule, graph draws what waits "
        "for what.\n"
        "What no flag says is taken from the git checkout. Exit code 1: no pipeline; 2: wrong "
        "usage.",
        "  runner pipeline list\n"
        "  runner pipeline list --ref v1.0 --tag --format json\n"
        "  runner pipeline show deploy --merge-request --target main --var DEPLOY=yes\n"
        "  runner pipeline graph | dot -Tsvg > pipeline.svg\n",
        std::move(flags),
        show_pipeline,
        true,
        kWrongUsage};
}

}  // namespace runner::commands
