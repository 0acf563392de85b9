#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "runner/commands/commands.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/variables/predefined.hpp"

namespace runner::commands {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDefaultFile = ".gitlab-ci.yml";

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

bool is_yaml(const fs::path& path) { return path.extension() == ".yml" || path.extension() == ".yaml"; }

/// The files to check: those named, and the YAML files of the directories named.
base::Result<std::vector<fs::path>> files_of(const std::vector<std::string>& words) {
    std::vector<fs::path> files;
    for (const std::string& word : words.empty() ? std::vector<std::string>{kDefaultFile} : words) {
        std::error_code error;
        if (!fs::is_directory(word, error)) {
            files.emplace_back(word);
            continue;
        }
        std::vector<fs::path> found;
        fs::recursive_directory_iterator at(word, error);
        for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
            if (at->is_directory() && at->path().filename() == ".git") at.disable_recursion_pending();
            if (at->is_regular_file() && is_yaml(at->path())) found.push_back(at->path());
        }
        if (error) {
            return base::make_error(base::ErrorKind::kIo,
                                    fmt::format("read directory {}: {}", word, error.message()));
        }
        std::sort(found.begin(), found.end());
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

base::Result<std::string> read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad() || !in.is_open() || fs::is_directory(path)) {
        return base::make_error(base::ErrorKind::kNotFound,
                                fmt::format("{} cannot be read: no such file, or no permission", path.string()));
    }
    return text;
}

base::Result<pipeline::variables::Collection> pairs_of(const Values& values, const std::string& flag) {
    pipeline::variables::Collection all;
    for (const std::string& pair : values.list(flag)) {
        const std::size_t sign = pair.find('=');
        if (sign == std::string::npos || sign == 0) {
            return base::make_error(base::ErrorKind::kInvalidInput, fmt::format("--{} wants NAME=VALUE", flag));
        }
        all.set(pair.substr(0, sign), pair.substr(sign + 1));
    }
    return all;
}

/// What the flags say of the pipeline to imagine.
struct Scene {
    pipeline::plan::CreateRequest request;
    pipeline::variables::Collection inputs;
};

base::Result<Scene> scene_of(const Values& values) {
    Scene scene;
    auto given = pairs_of(values, "var");
    if (!given) return given.error();
    auto inputs = pairs_of(values, "input");
    if (!inputs) return inputs.error();
    scene.request.given = std::move(*given);
    scene.inputs = std::move(*inputs);
    pipeline::variables::Checkout checkout;
    pipeline::variables::Event event;
    checkout.ref = values.has("ref") ? values.text("ref") : checkout.default_branch;
    checkout.is_tag = values.flag("tag");
    checkout.directory_name = fs::current_path().filename().string();
    if (values.has("source")) event.source = values.text("source");
    const bool merge_request = event.source == "merge_request_event";
    if (merge_request) event.merge_request = {checkout.ref, checkout.default_branch, "", "1"};
    scene.request.subject.ref = checkout.ref;
    scene.request.subject.source = event.source;
    scene.request.subject.is_tag = checkout.is_tag;
    scene.request.subject.is_merge_request = merge_request;
    scene.request.predefined = pipeline::variables::predefined(checkout, event);
    if (values.has("changed")) scene.request.facts.changed = values.list("changed");
    return scene;
}

struct Checked {
    pipeline::Loaded loaded;
    std::optional<pipeline::plan::Pipeline> pipeline;

    [[nodiscard]] bool valid() const { return loaded.valid() && (!pipeline || pipeline->errors.empty()); }
};

Checked check(const fs::path& path, std::string text, const Values& values, Scene scene) {
    pipeline::LoadRequest request;
    request.text = std::move(text);
    request.name = path.string();
    if (values.text("edition") == "ce") request.edition = pipeline::Edition::kCommunity;
    request.variables = scene.request.predefined;
    request.variables.merge(scene.request.given);
    pipeline::yaml::Map inputs;
    for (const auto& input : scene.inputs.all()) {
        inputs.set(pipeline::yaml::Value::string(input.key), pipeline::yaml::Value::string(input.value));
    }
    if (!inputs.empty()) request.inputs = pipeline::yaml::Value::map(std::move(inputs));
    const fs::path root = values.has("root") ? fs::path(values.text("root")) : fs::current_path();
    pipeline::include::WorkTreeSource source(root);
    scene.request.facts.files = source.list({});
    request.facts = scene.request.facts;
    Checked checked{pipeline::load_configuration(request, source), std::nullopt};
    if (values.flag("dry-run") && checked.loaded.configuration) {
        checked.pipeline = pipeline::plan::create_pipeline(*checked.loaded.configuration, checked.loaded.parallel,
                                                           scene.request);
    }
    return checked;
}

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
    const std::size_t jobs = checked.pipeline ? checked.pipeline->jobs.size() : checked.loaded.configuration->jobs.size();
    return text + fmt::format("{}: valid, {} {}\n", path.string(), jobs, jobs == 1 ? "job" : "jobs");
}

nlohmann::ordered_json as_json(const Checked& checked) {
    return pipeline::lint_json(checked.loaded, checked.pipeline ? &*checked.pipeline : nullptr, true);
}

int lint(const Values& values) {
    const std::string format = values.has("format") ? values.text("format") : "text";
    if (format != "text" && format != "json") return fail("--format is text or json");
    auto files = files_of(values.words());
    if (!files) return fail(files.error());
    auto scene = scene_of(values);
    if (!scene) return fail(scene.error());
    auto documents = nlohmann::ordered_json::object();
    bool valid = true;
    for (const fs::path& path : *files) {
        auto text = read_file(path);
        if (!text) return fail(text.error());
        const Checked checked = check(path, std::move(*text), values, *scene);
        valid = valid && checked.valid();
        if (format == "text") {
            print(as_text(path, checked));
        } else {
            documents[path.string()] = as_json(checked);
        }
    }
    if (format == "json") {
        // One file answers as the API does; several stand under their names.
        const auto& answer = files->size() == 1 ? documents.begin().value() : documents;
        print(answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    }
    return valid ? 0 : 1;
}

}  // namespace

Command lint_command() {
    using Kind = Flag::Kind;
    return {"lint",
            "[FILE|DIRECTORY …] [flags]",
            "Checks .gitlab-ci.yml as GitLab does, and names the place of each error. Exit code 1 when one is not valid.\n"
            "With --dry-run it also decides which jobs a pipeline would get.",
            "  runner lint\n  runner lint ci/ --format json\n"
            "  runner lint --dry-run --ref v1.0 --tag --var DEPLOY=yes --changed src/main.c\n",
            {{{"format"}, Kind::kText, "", "FORMAT", "text or json, the latter in the shape of GitLab's lint API"},
             {{"dry-run"}, Kind::kBool, "", "", "evaluate rules, too"},
             {{"ref"}, Kind::kText, "", "NAME", "branch or tag of the pipeline; default main"},
             {{"tag"}, Kind::kBool, "", "", "--ref is a tag"},
             {{"source"}, Kind::kText, "", "SOURCE", "push, web, schedule, merge_request_event, …; default push"},
             {{"var"}, Kind::kList, "", "NAME=VALUE", "a variable given for this pipeline; repeatable"},
             {{"input"}, Kind::kList, "", "NAME=VALUE", "a value for spec:inputs; repeatable"},
             {{"changed"}, Kind::kList, "", "PATH", "a changed file, for rules:changes; repeatable"},
             {{"root"}, Kind::kText, "", "DIRECTORY", "where include:local begins; default: the current directory"},
             {{"edition"}, Kind::kText, "", "ee|ce", "ce refuses the keywords of paid tiers; default ee"}},
            lint,
            true};
}

}  // namespace runner::commands
