#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/pipeline_context.hpp"
#include "runner/pipeline/lint.hpp"

namespace runner::commands {

namespace fs = std::filesystem;

namespace {

bool is_yaml(const fs::path& path) {
    return path.extension() == ".yml" || path.extension() == ".yaml";
}

base::Result<std::vector<fs::path>> files_below(const fs::path& directory) {
    std::vector<fs::path> found;
    std::error_code error;
    fs::recursive_directory_iterator at(directory, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (at->is_directory() && at->path().filename() == ".git") at.disable_recursion_pending();
        if (at->is_regular_file() && is_yaml(at->path())) found.push_back(at->path());
    }
    if (error) {
        return base::make_error(
            base::ErrorKind::kIo,
            fmt::format("read directory {}: {}", directory.string(), error.message()));
    }
    if (found.empty()) {
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("{}: no .yml or .yaml file in this directory", directory.string()));
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// The files to check: those named, and the YAML files of the directories named.
base::Result<std::vector<fs::path>> files_of(const PipelineContext& context,
                                             const std::vector<std::string>& words) {
    if (words.empty()) return std::vector<fs::path>{context.file("")};
    std::vector<fs::path> files;
    for (const std::string& word : words) {
        std::error_code error;
        if (!fs::is_directory(word, error)) {
            files.emplace_back(word);
            continue;
        }
        auto found = files_below(word);
        if (!found) return found.error();
        files.insert(files.end(), found->begin(), found->end());
    }
    return files;
}

struct Checked {
    pipeline::Loaded loaded;
    std::optional<pipeline::plan::Pipeline> pipeline;

    [[nodiscard]] bool valid() const {
        return loaded.valid() && (!pipeline || pipeline->errors.empty());
    }
    [[nodiscard]] std::size_t jobs() const {
        return pipeline ? pipeline->jobs.size() : loaded.configuration->jobs.size();
    }
};

std::string as_text(const fs::path& path, const Checked& checked) {
    std::string text;
    const auto add = [&](const pipeline::Problems& problems) {
        for (const auto& problem : problems) text += pipeline::describe(problem, checked.loaded);
    };
    add(checked.loaded.errors);
    if (checked.pipeline) add(checked.pipeline->errors);
    for (const auto& warning : checked.loaded.warnings) {
        text += "warning: " + pipeline::describe(warning, checked.loaded);
    }
    if (!checked.valid()) return text + fmt::format("{}: not valid\n", path.string());
    const std::size_t jobs = checked.jobs();
    return text +
           fmt::format("{}: valid, {} {}\n", path.string(), jobs, jobs == 1 ? "job" : "jobs");
}

nlohmann::ordered_json as_json(const Checked& checked) {
    return pipeline::lint_json(checked.loaded, checked.pipeline ? &*checked.pipeline : nullptr,
                               true);
}

int lint(const Values& values) {
    const bool for_programs = wants_json(values);
    auto context = PipelineContext::open(values);
    if (!context) return fail(context.error());
    auto files = files_of(**context, values.words());
    if (!files) return fail(files.error());
    auto documents = nlohmann::ordered_json::object();
    bool valid = true;
    for (const fs::path& path : *files) {
        auto text = read_pipeline_file(path);
        if (!text) return fail(text.error());
        Checked checked{(*context)->load(std::move(*text), path.string()), std::nullopt};
        if (values.flag("dry-run") && checked.loaded.configuration) {
            checked.pipeline = (*context)->create(checked.loaded);
        }
        valid = valid && checked.valid();
        if (for_programs)
            documents[path.string()] = as_json(checked);
        else
            print(as_text(path, checked));
    }
    if (for_programs) {
        // One file: the answer of the API. Several, or a directory: an answer for each file name.
        std::error_code ignored;
        const auto& words = values.words();
        const bool one =
            files->size() == 1 && (words.empty() || !fs::is_directory(words[0], ignored));
        const auto& answer = one ? documents.begin().value() : documents;
        print_json(answer);
    }
    return valid ? 0 : 1;
}

}  // namespace

Command lint_command() {
    std::vector<Flag> flags{
        choice_flag({"format"}, {"text", "json"}, "json is in the shape of GitLab's lint API"),
        bool_flag({"dry-run"}, "evaluate rules, too")};
    for (Flag& flag : pipeline_flags()) flags.push_back(std::move(flag));
    return {.name = "lint",
            .summary = "check .gitlab-ci.yml as GitLab does",
            .usage = "[FILE|DIRECTORY …] [flags]",
            .description =
                "Checks .gitlab-ci.yml as GitLab does, and names the place of each error. Exit "
                "code 1 when one is not valid.\n"
                "With --dry-run it also decides which jobs a pipeline would get; `runner pipeline "
                "list` shows them.",
            .examples =
                "  runner lint\n"
                "  runner lint ci/ --format json\n"
                "  runner lint --dry-run --ref v1.0 --tag --var DEPLOY=yes --changed src/main.c\n",
            .flags = std::move(flags),
            .run = lint,
            .takes_words = true};
}

}  // namespace runner::commands
