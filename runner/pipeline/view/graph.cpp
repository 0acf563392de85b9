#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <unordered_map>

#include "runner/pipeline/view/text.hpp"
#include "runner/pipeline/view/view.hpp"

namespace runner::pipeline::view {
namespace {

struct Arrow {
    enum class From { kJob, kStage };
    From from;
    std::size_t source;                 ///< the index of a job or of a stage
    std::optional<std::size_t> target;  ///< a job; nothing: the whole stage after `source`
    bool optional = false;
};

/// The jobs by stage, and arrows from jobs and stages to those that wait for them.
struct Graph {
    std::vector<std::vector<std::size_t>> stages;  ///< indices of the pipeline's jobs
    std::vector<Arrow> arrows;
};

std::vector<std::vector<std::size_t>> by_stage(const plan::Pipeline& pipeline) {
    std::vector<std::vector<std::size_t>> stages(pipeline.stages.size());
    for (std::size_t i = 0; i < stages.size(); ++i) {
        for (std::size_t job = 0; job < pipeline.jobs.size(); ++job) {
            if (pipeline.jobs[job].job->stage == pipeline.stages[i]) stages[i].push_back(job);
        }
    }
    return stages;
}

/// Jobs without `needs` wait for the stage before. When all jobs of a stage do, one arrow shows it.
void add_stage_arrows(const plan::Pipeline& pipeline, std::size_t stage, Graph& graph) {
    if (stage == 0) return;
    std::vector<std::size_t> following;
    for (const std::size_t job : graph.stages[stage]) {
        if (!pipeline.jobs[job].has_needs) following.push_back(job);
    }
    if (following.size() == graph.stages[stage].size()) {
        graph.arrows.push_back({Arrow::From::kStage, stage - 1, std::nullopt});
        return;
    }
    for (const std::size_t job : following) {
        graph.arrows.push_back({Arrow::From::kStage, stage - 1, job});
    }
}

Graph graph_of(const plan::Pipeline& pipeline) {
    Graph graph;
    graph.stages = by_stage(pipeline);
    std::unordered_map<std::string_view, std::size_t> numbers;
    for (std::size_t i = 0; i < pipeline.jobs.size(); ++i) numbers[pipeline.jobs[i].job->name] = i;
    for (std::size_t i = 0; i < graph.stages.size(); ++i) add_stage_arrows(pipeline, i, graph);
    for (std::size_t i = 0; i < pipeline.jobs.size(); ++i) {
        for (const plan::Need& need : pipeline.jobs[i].needs) {
            const auto found = numbers.find(need.job);
            if (found == numbers.end()) continue;  // an optional need that is not in the pipeline
            graph.arrows.push_back({Arrow::From::kJob, found->second, i, need.optional});
        }
    }
    return graph;
}

/// The lines under a job's name, which show only what differs from the defaults.
std::vector<std::string> notes(const plan::PlannedJob& planned) {
    std::vector<std::string> lines;
    if (planned.when != plan::When::kOnSuccess) lines.push_back(when_text(planned));
    const std::string allowed = allow_failure_text(planned);
    if (allowed != "no") lines.push_back(allowed == "yes" ? "may fail" : "may fail: " + allowed);
    if (planned.job->bridge) lines.emplace_back("triggers a pipeline");
    return lines;
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string dot_style(const plan::PlannedJob& planned) {
    std::string style = "rounded";
    if (planned.when == plan::When::kManual) style += ",bold";
    if (planned.allow_failure || !planned.allowed_exit_codes.empty()) style += ",dashed";
    return style;
}

std::string dot_arrow(const Arrow& arrow, const Graph& graph) {
    const bool to_stage = !arrow.target.has_value();
    // Graphviz draws an arrow between two clusters as one between two of their nodes.
    const std::size_t source =
        arrow.from == Arrow::From::kJob ? arrow.source : graph.stages[arrow.source].front();
    const std::size_t target = to_stage ? graph.stages[arrow.source + 1].front() : *arrow.target;
    std::vector<std::string> options;
    if (arrow.from == Arrow::From::kStage) {
        options.push_back(fmt::format("ltail=cluster_{}", arrow.source));
    }
    if (to_stage) options.push_back(fmt::format("lhead=cluster_{}", arrow.source + 1));
    if (arrow.optional) options.emplace_back("style=dashed");
    std::string text;
    for (const std::string& option : options) text += (text.empty() ? "" : ", ") + option;
    return fmt::format("  j{} -> j{}{};\n", source, target,
                       text.empty() ? "" : fmt::format(" [{}]", text));
}

/// Mermaid has no escape characters. Quotes, and characters with a meaning in Markdown or HTML, are
/// written as entities.
std::string mermaid_text(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '"': out += "#quot;"; break;
            case '<': out += "#lt;"; break;
            case '>': out += "#gt;"; break;
            case '#': out += "#35;"; break;
            case '`': out += "#96;"; break;
            case '\n': out += ' '; break;
            default: out += c;
        }
    }
    return out;
}

std::string mermaid_job(const plan::PlannedJob& planned, std::size_t number) {
    std::string label = mermaid_text(planned.job->name);
    for (const std::string& note : notes(planned)) label += "<br/>" + mermaid_text(note);
    const bool manual = planned.when == plan::When::kManual;
    return fmt::format("    j{}{}\"{}\"{}\n", number, manual ? "([" : "[", label,
                       manual ? "])" : "]");
}

std::string mermaid_arrow(const Arrow& arrow) {
    const char* source = arrow.from == Arrow::From::kJob ? "j" : "s";
    const std::string target =
        arrow.target ? fmt::format("j{}", *arrow.target) : fmt::format("s{}", arrow.source + 1);
    return fmt::format("  {}{} {} {}\n", source, arrow.source, arrow.optional ? "-.->" : "-->",
                       target);
}

}  // namespace

std::string dot(const CreatedPipeline& created) {
    const plan::Pipeline& pipeline = created.pipeline;
    const Graph graph = graph_of(pipeline);
    std::string out = "digraph pipeline {\n  rankdir=LR;\n  compound=true;\n  node [shape=box];\n";
    for (std::size_t stage = 0; stage < graph.stages.size(); ++stage) {
        out += fmt::format("  subgraph cluster_{} {{\n    label={};\n", stage,
                           quoted(pipeline.stages[stage]));
        for (const std::size_t job : graph.stages[stage]) {
            const plan::PlannedJob& planned = pipeline.jobs[job];
            std::string label = planned.job->name;
            for (const std::string& note : notes(planned)) label += "\n" + note;
            out += fmt::format("    j{} [label={}, style=\"{}\"];\n", job, quoted(label),
                               dot_style(planned));
        }
        out += "  }\n";
    }
    for (const Arrow& arrow : graph.arrows) out += dot_arrow(arrow, graph);
    return out + "}\n";
}

std::string mermaid(const CreatedPipeline& created) {
    const plan::Pipeline& pipeline = created.pipeline;
    const Graph graph = graph_of(pipeline);
    std::string out = "flowchart LR\n";
    for (std::size_t stage = 0; stage < graph.stages.size(); ++stage) {
        out += fmt::format("  subgraph s{}[\"{}\"]\n", stage, mermaid_text(pipeline.stages[stage]));
        for (const std::size_t job : graph.stages[stage]) {
            out += mermaid_job(pipeline.jobs[job], job);
        }
        out += "  end\n";
    }
    for (const Arrow& arrow : graph.arrows) out += mermaid_arrow(arrow);
    return out;
}

}  // namespace runner::pipeline::view
