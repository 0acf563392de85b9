#include "runner/commands/pipeline_scene.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/pipeline/variables/predefined.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
namespace variables = pipeline::variables;

namespace {

constexpr const char* kDefaultFile = ".gitlab-ci.yml";
constexpr const char* kMergeRequest = "merge_request_event";
constexpr const char* kSources[] = {"push",
                                    "web",
                                    "trigger",
                                    "schedule",
                                    "api",
                                    "external",
                                    "pipeline",
                                    "chat",
                                    "webide",
                                    kMergeRequest,
                                    "external_pull_request_event",
                                    "parent_pipeline",
                                    "ondemand_dast_scan",
                                    "ondemand_dast_validation",
                                    "security_orchestration_policy",
                                    "container_registry_push",
                                    "duo_workflow",
                                    "pipeline_execution_policy_schedule",
                                    "dependency_management_security_update",
                                    "unknown"};

base::Error invalid(std::string message) {
    return base::make_error(base::ErrorKind::kInvalidInput, std::move(message));
}

/// NAME=VALUE pairs. Values are not repeated in messages, they may be secrets.
base::Result<variables::Collection> pairs_of(const Values& values, const std::string& flag) {
    variables::Collection all;
    for (const std::string& pair : values.list(flag)) {
        const std::size_t sign = pair.find('=');
        if (sign == std::string::npos || sign == 0) {
            return invalid(fmt::format("--{} wants NAME=VALUE", flag));
        }
        all.set(pair.substr(0, sign), pair.substr(sign + 1));
    }
    return all;
}

base::Result<std::string> source_of(const Values& values) {
    std::string source = values.text("source");
    const bool merge_request = values.flag("merge-request");
    if (source.empty()) return std::string(merge_request ? kMergeRequest : "push");
    const std::vector<std::string> known(std::begin(kSources), std::end(kSources));
    if (std::find(known.begin(), known.end(), source) == known.end()) {
        const std::string near = base::nearest(source, known);
        return invalid(fmt::format("--source {} is none of GitLab's pipeline sources{}", source,
                                   near.empty() ? "" : fmt::format("; did you mean {}?", near)));
    }
    if (merge_request && source != kMergeRequest) {
        return invalid(
            fmt::format("--merge-request means --source {}, not {}", kMergeRequest, source));
    }
    return source;
}

/// A token in a file that others may read is no secret any more.
base::Result<base::Secret> token_of(const Values& values) {
    if (!values.has("gitlab-token-file")) {
        const char* token = std::getenv("GITLAB_TOKEN");
        return base::Secret(token == nullptr ? "" : token);
    }
    const std::string path = values.text("gitlab-token-file");
    struct stat status {};
    if (path != "-" && ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077U) != 0) {
        return invalid(
            fmt::format("--gitlab-token-file {0}: others on this machine may read it: "
                        "chmod 600 {0}",
                        path));
    }
    auto token = read_secret_file(path);
    if (!token) return token.error().with_context("--gitlab-token-file");
    return base::Secret(std::move(*token));
}

base::Result<std::map<std::string, fs::path>> include_map(const Values& values) {
    std::map<std::string, fs::path> map;
    for (const std::string& pair : values.list("include-map")) {
        const std::size_t sign = pair.find('=');
        if (sign == std::string::npos || sign == 0) {
            return invalid("--include-map wants PROJECT=DIRECTORY, or template=DIRECTORY");
        }
        const std::string directory = pair.substr(sign + 1);
        std::error_code error;
        if (!fs::is_directory(directory, error)) {
            return invalid(fmt::format("--include-map {}: {} is no directory", pair.substr(0, sign),
                                       directory));
        }
        map[pair.substr(0, sign)] = directory;
    }
    return map;
}

std::string server_of(const std::string& remote_url) {
    const variables::Remote remote = variables::parse_remote(remote_url);
    if (remote.path.empty()) return {};
    const bool usual = remote.port == (remote.protocol == "http" ? "80" : "443");
    return remote.protocol + "://" + remote.host + (usual ? "" : ":" + remote.port);
}

std::string count_of(std::size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

base::Result<std::string> read_pipeline_file(const fs::path& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
        return base::make_error(base::ErrorKind::kNotFound,
                                fmt::format("{} is a directory", path.string()));
    }
    return base::read_file(path);
}

std::vector<Flag> scene_flags() {
    using Kind = Flag::Kind;
    return {
        {{"ref"},
         Kind::kText,
         "",
         "NAME",
         "branch or tag of the pipeline; default: what is checked out"},
        {{"tag"}, Kind::kBool, "", "", "the ref is a tag"},
        {{"source"},
         Kind::kText,
         "",
         "SOURCE",
         "push, web, schedule, api, trigger, …; default push"},
        {{"merge-request"}, Kind::kBool, "", "", "a merge request of the ref into --target"},
        {{"target"},
         Kind::kText,
         "",
         "BRANCH",
         "target of the merge request; default: the default branch"},
        {{"var"}, Kind::kList, "", "NAME=VALUE", "a variable given for this pipeline; repeatable"},
        {{"input"}, Kind::kList, "", "NAME=VALUE", "a value for spec:inputs; repeatable"},
        {{"changed"},
         Kind::kList,
         "",
         "PATH",
         "a changed file, for rules:changes, instead of asking git; repeatable"},
        {{"root"},
         Kind::kText,
         "",
         "DIRECTORY",
         "where include:local begins; default: the checkout's top"},
        {{"edition"},
         Kind::kText,
         "",
         "ee|ce",
         "ce refuses the keywords of paid tiers; default ee"},
        {{"gitlab-url"},
         Kind::kText,
         "",
         "URL",
         "the GitLab that projects, components and templates are read from; default: the remote "
         "origin's"},
        {{"gitlab-token-file"},
         Kind::kText,
         "",
         "FILE",
         "file (0600) with an access token for it; without it, the variable GITLAB_TOKEN"},
        {{"tls-ca-file"}, Kind::kText, "", "FILE", "certificates to trust besides the system's"},
        {{"include-map"},
         Kind::kList,
         "",
         "PROJECT=DIRECTORY",
         "read a project's files from this machine; `template` stands for GitLab's templates; "
         "repeatable"},
    };
}

base::Result<std::unique_ptr<PipelineScene>> PipelineScene::open(const Values& values) {
    std::unique_ptr<PipelineScene> scene(new PipelineScene());
    if (auto read = scene->read(values); !read) return read.error();
    return scene;
}

base::Result<void> PipelineScene::read(const Values& values) {
    if (values.has("edition") && values.text("edition") != "ce" && values.text("edition") != "ee") {
        return invalid("--edition is ee or ce");
    }
    if (values.text("edition") == "ce") edition_ = pipeline::Edition::kCommunity;
    auto given = pairs_of(values, "var");
    if (!given) return given.error();
    request_.given = std::move(*given);
    auto inputs = pairs_of(values, "input");
    if (!inputs) return inputs.error();
    inputs_ = std::move(*inputs);
    const fs::path here = values.has("root") ? fs::path(values.text("root")) : fs::current_path();
    std::error_code error;
    if (!fs::is_directory(here, error)) {
        return invalid(fmt::format("--root {} is no directory", here.string()));
    }
    auto tree = WorkTree::open(calls_, here);
    if (!tree) return tree.error();
    tree_ = std::move(*tree);
    root_ = tree_ != nullptr && !values.has("root") ? tree_->top() : here;
    variables::Event event;
    if (auto read = read_event(values, event); !read) return read.error();
    read_facts(values, event);
    return open_source(values);
}

base::Result<void> PipelineScene::read_event(const Values& values, variables::Event& event) {
    auto source = source_of(values);
    if (!source) return source.error();
    event.source = *source;
    event.created_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    const bool merge_request = event.source == kMergeRequest;
    if (merge_request && values.flag("tag"))
        return invalid("--tag and a merge request exclude each other");
    if (!merge_request && values.has("target"))
        return invalid("--target belongs to --merge-request");
    if (tree_ != nullptr) {
        tree_->look_at(values.text("ref"), values.flag("tag"));
        checkout_ = tree_->describe();
    } else {
        checkout_.directory_name = fs::absolute(root_).lexically_normal().filename().string();
        checkout_.ref = values.has("ref") ? values.text("ref") : checkout_.default_branch;
        checkout_.is_tag = values.flag("tag");
    }
    if (values.flag("tag") && !values.has("ref") && (tree_ == nullptr || checkout_.ref.empty())) {
        return invalid("--tag needs --ref NAME");
    }
    if (merge_request) {
        checkout_.is_tag = false;
        const std::string target =
            values.has("target") ? values.text("target") : checkout_.default_branch;
        event.merge_request = variables::MergeRequest{checkout_.ref, target, "", "1"};
    }
    event.protected_ref = !merge_request && checkout_.ref == checkout_.default_branch;
    return {};
}

void PipelineScene::read_facts(const Values& values, const variables::Event& given) {
    variables::Event event = given;
    pipeline::rules::Facts& facts = request_.facts;
    std::optional<Changes> changes;
    std::error_code error;
    if (tree_ != nullptr && fs::equivalent(root_, tree_->top(), error)) {
        facts.files = tree_->files();
    } else {
        facts.files = pipeline::include::WorkTreeSource(root_).list({});
    }
    if (tree_ != nullptr) {
        facts.changed_since =
            [tree = tree_.get()](const std::string& ref) -> std::optional<pipeline::rules::Paths> {
            auto found = tree->changed_since(ref);
            if (!found) return std::nullopt;
            return std::move(found->paths);
        };
        if (event.merge_request) {
            changes = tree_->changed_since(event.merge_request->target_branch);
            if (changes) event.merge_request->target_sha = changes->base_sha;
        } else if (event.source == "push") {
            changes = tree_->changed_by_push();
        }
    }
    if (changes && event.source == "push") checkout_.before_sha = changes->base_sha;
    if (values.has("changed")) {
        facts.changed = values.list("changed");
        changes_ = count_of(facts.changed->size(), "changed path") + " given";
    } else if (changes) {
        changes_ = fmt::format("{} since {}", count_of(changes->paths.size(), "changed path"),
                               changes->since);
        facts.changed = std::move(changes->paths);
    } else {
        changes_ = "what changed is unknown, so rules:changes hold";
    }
    request_.subject.ref = checkout_.ref;
    request_.subject.source = event.source;
    request_.subject.is_tag = checkout_.is_tag;
    request_.subject.is_merge_request = event.merge_request.has_value();
    request_.predefined = variables::predefined(checkout_, event);
    request_.subject.project_path =
        std::string(request_.predefined.value("CI_PROJECT_PATH").value_or(""));
}

base::Result<void> PipelineScene::open_source(const Values& values) {
    IncludeOptions options;
    options.root = root_;
    options.ca_file = values.text("tls-ca-file");
    options.gitlab.url =
        values.has("gitlab-url") ? values.text("gitlab-url") : server_of(checkout_.remote_url);
    options.gitlab.where_url_is_from =
        values.has("gitlab-url") ? "--gitlab-url" : "the remote origin";
    auto token = token_of(values);
    if (!token) return token.error();
    options.gitlab.token = std::move(*token);
    auto map = include_map(values);
    if (!map) return map.error();
    options.local_projects = std::move(*map);
    source_ = std::make_unique<IncludeSource>(calls_, std::move(options));
    request_.facts.project_files = [source = source_.get()](const std::string& project,
                                                            const std::string& ref) {
        return source->project_files(project, ref);
    };
    return {};
}

fs::path PipelineScene::file(const std::string& path) const {
    if (!path.empty()) return path;
    std::error_code error;
    if (tree_ != nullptr && !fs::exists(kDefaultFile, error)) {
        const fs::path top = tree_->top() / kDefaultFile;
        if (fs::exists(top, error)) return fs::proximate(top, error);
    }
    return kDefaultFile;
}

pipeline::Loaded PipelineScene::load(std::string text, const std::string& name) {
    pipeline::LoadRequest request;
    request.text = std::move(text);
    request.name = name;
    request.edition = edition_;
    request.variables = request_.predefined;
    request.variables.merge(request_.given);
    pipeline::yaml::Map inputs;
    for (const auto& input : inputs_.all()) {
        inputs.set(pipeline::yaml::Value::string(input.key),
                   pipeline::yaml::Value::string(input.value));
    }
    if (!inputs.empty()) request.inputs = pipeline::yaml::Value::map(std::move(inputs));
    request.facts = request_.facts;
    return pipeline::load_configuration(request, *source_);
}

pipeline::plan::Pipeline PipelineScene::create(const pipeline::Loaded& loaded) const {
    return pipeline::plan::create_pipeline(*loaded.configuration, loaded.parallel, request_);
}

std::string PipelineScene::summary() const {
    const auto& subject = request_.subject;
    const char* kind = subject.is_tag             ? "tag"
                       : subject.is_merge_request ? "merge request of"
                                                  : "branch";
    const std::string at = checkout_.sha.empty() ? "" : " at " + checkout_.sha.substr(0, 8);
    return fmt::format("{} {}{}, source {}; {}", kind, subject.ref, at, subject.source, changes_);
}

}  // namespace runner::commands
