#include "runner/commands/pipeline_context.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <vector>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/pipeline/variables/predefined.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
namespace variables = pipeline::variables;

namespace {

constexpr const char* kDefaultFile = ".gitlab-ci.yml";

std::string server_of(const std::string& remote_url) {
    const variables::Remote remote = variables::parse_remote(remote_url);
    if (remote.path.empty()) return {};
    const bool usual = remote.port == (remote.protocol == "http" ? "80" : "443");
    return remote.protocol + "://" + remote.host + (usual ? "" : ":" + remote.port);
}

/// The ref of --ref. Full names (refs/tags/…, refs/heads/…) are understood: they tell the kind.
struct NamedRef {
    std::string name;
    bool is_tag = false;
};

NamedRef named_ref(const Values& values) {
    const std::string text = values.text("ref");
    for (const std::string_view prefix : {"refs/tags/", "refs/heads/"}) {
        if (!text.starts_with(prefix)) continue;
        return {text.substr(prefix.size()), values.flag("tag") || prefix == "refs/tags/"};
    }
    return {text, values.flag("tag")};
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

base::Result<std::unique_ptr<PipelineContext>> PipelineContext::open(const Values& values) {
    std::unique_ptr<PipelineContext> context(new PipelineContext());
    if (auto read = context->read(values); !read) return read.error();
    return context;
}

base::Result<void> PipelineContext::read(const Values& values) {
    if (values.has("edition") && values.text("edition") != "ce" && values.text("edition") != "ee") {
        return base::invalid_input("--edition is ee or ce");
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
        return base::invalid_input(fmt::format("--root {} is no directory", here.string()));
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

base::Result<void> PipelineContext::read_event(const Values& values, variables::Event& event) {
    auto source = source_of(values);
    if (!source) return source.error();
    event.source = *source;
    event.created_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    const bool merge_request = event.source == kMergeRequestSource;
    const NamedRef ref = named_ref(values);
    if (merge_request && ref.is_tag)
        return base::invalid_input("--tag and a merge request exclude each other");
    if (!merge_request && values.has("target"))
        return base::invalid_input("--target belongs to --merge-request");
    if (tree_ != nullptr) {
        tree_->look_at(ref.name, ref.is_tag);
        if (values.flag("clean")) tree_->leave_out_uncommitted();
        checkout_ = tree_->describe();
        if (event.source != "push") checkout_.before_sha.clear();
    } else {
        checkout_.directory_name = fs::absolute(root_).lexically_normal().filename().string();
        checkout_.ref = values.has("ref") ? ref.name : checkout_.default_branch;
        checkout_.is_tag = ref.is_tag;
    }
    if (values.flag("tag") && !values.has("ref") && (tree_ == nullptr || checkout_.ref.empty())) {
        return base::invalid_input("--tag needs --ref NAME");
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

void PipelineContext::read_facts(const Values& values, const variables::Event& given) {
    using ChangesOf = RepositoryFacts::ChangesOf;
    variables::Event event = given;
    facts_ = std::make_unique<RepositoryFacts>(tree_.get(), root_);
    if (event.merge_request) {
        event.merge_request->target_sha = facts_->branched_off(event.merge_request->target_branch);
    }
    if (values.has("changed")) {
        pipeline::rules::Paths paths = values.list("changed");
        std::erase(paths, "");
        facts_->use_changes(std::move(paths));
    } else if (event.source == "push") {
        facts_->use_changes_of(ChangesOf::kPush);
    } else if (event.merge_request) {
        facts_->use_changes_of(ChangesOf::kMergeRequest);
    }
    request_.repository = facts_->repository();
    request_.pipeline.ref = checkout_.ref;
    request_.pipeline.source = event.source;
    request_.pipeline.is_tag = checkout_.is_tag;
    request_.pipeline.is_merge_request = event.merge_request.has_value();
    if (values.has("file")) event.config_path = values.text("file");
    request_.predefined = variables::predefined(checkout_, event);
    request_.pipeline.project_path =
        std::string(request_.predefined.value("CI_PROJECT_PATH").value_or(""));
}

base::Result<void> PipelineContext::open_source(const Values& values) {
    include_options_.ca_file = values.text("tls-ca-file");
    include_options_.gitlab.url =
        values.has("gitlab-url") ? values.text("gitlab-url") : server_of(checkout_.remote_url);
    include_options_.gitlab.where_url_is_from =
        values.has("gitlab-url") ? "--gitlab-url" : "the remote origin";
    auto token = gitlab_token_of(values);
    if (!token) return token.error();
    include_options_.gitlab.token = std::move(*token);
    auto map = include_map_of(values);
    if (!map) return map.error();
    include_options_.local_projects = std::move(*map);
    read_files_from(root_);
    return {};
}

void PipelineContext::read_files_from(const fs::path& root) {
    include_options_.root = root;
    source_ = std::make_unique<IncludeSource>(calls_, include_options_);
    request_.repository.project_files = [source = source_.get()](const std::string& project,
                                                                 const std::string& ref) {
        return source->project_files(project, ref);
    };
}

fs::path PipelineContext::file(const std::string& path) const {
    if (!path.empty()) return path;
    std::error_code error;
    if (tree_ != nullptr && !fs::exists(kDefaultFile, error)) {
        const fs::path top = tree_->top() / kDefaultFile;
        if (fs::exists(top, error)) return fs::proximate(top, error);
    }
    return kDefaultFile;
}

pipeline::LoadRequest PipelineContext::load_request(std::string text,
                                                    const std::string& name) const {
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
    request.repository = request_.repository;
    return request;
}

pipeline::Loaded PipelineContext::load(std::string text, const std::string& name) {
    return pipeline::load_configuration(load_request(std::move(text), name), *source_);
}

pipeline::plan::Pipeline PipelineContext::create(const pipeline::Loaded& loaded) const {
    return pipeline::plan::create_pipeline(*loaded.configuration, loaded.parallel, request_);
}

bool PipelineContext::is_skipped() const {
    const std::string& source = request_.pipeline.source;
    if (source != "push" && source != kMergeRequestSource) return false;
    const std::string message = base::to_lower(checkout_.message);
    for (const char between : {' ', '-', '_'}) {
        for (const auto* words : {"[ci{}skip]", "[skip{}ci]"}) {
            if (message.find(fmt::format(fmt::runtime(words), between)) != std::string::npos) {
                return true;
            }
        }
    }
    return false;
}

std::string PipelineContext::summary() const {
    const auto& subject = request_.pipeline;
    const char* kind = subject.is_tag             ? "tag"
                       : subject.is_merge_request ? "merge request of"
                                                  : "branch";
    const std::string at = checkout_.sha.empty() ? "" : " at " + checkout_.sha.substr(0, 8);
    return fmt::format("{} {}{}, source {}; {}", kind, subject.ref, at, subject.source,
                       facts_->changes_text());
}

}  // namespace runner::commands
