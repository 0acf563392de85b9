#include "runner/commands/include_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
using pipeline::include::FetchFailure;

namespace {

constexpr std::string_view kTemplateKey = "template";
constexpr std::string_view kTemplateEnding = ".gitlab-ci.yml";
constexpr std::string_view kLatest = "~latest";
constexpr std::string_view kNoCatalog =
    "The ~latest version reference is not supported for non-catalog resources. Use a tag, branch, "
    "or commit SHA instead.";
/// Where GitLab publishes its templates, for those that the API does not give.
constexpr std::string_view kPublishedTemplates =
    "https://gitlab.com/gitlab-org/gitlab/-/raw/master/lib/gitlab/ci/templates/";

pipeline::include::Fetched failed(FetchFailure failure, std::string detail, std::string hint) {
    pipeline::include::Fetched fetched;
    fetched.failure = failure;
    fetched.detail = std::move(detail);
    fetched.hint = std::move(hint);
    return fetched;
}

pipeline::include::Fetched to_fetched(Obtained obtained, pipeline::include::Origin origin) {
    auto fetched = failed(obtained.failure, {}, std::move(obtained.hint));
    fetched.content = std::move(obtained.text);
    fetched.origin = std::move(origin);
    return fetched;
}

/// "1" and "1.2".
bool is_partial_version(const std::string& version) {
    const auto parts = base::split(version, '.');
    return parts.size() <= 2 && std::all_of(parts.begin(), parts.end(), [](const auto& part) {
               return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
           });
}

std::string counted(unsigned attempts) {
    return fmt::format("{} attempt{}", attempts, attempts == 1 ? "" : "s");
}

/// How GitLab goes on after "could not be fetched" when an exchange has failed.
std::string words_of(const base::Error& error, unsigned attempts) {
    const char* cause = "HTTP";
    if (error.is(base::ErrorKind::kUnavailable)) cause = "a socket";
    if (error.is(base::ErrorKind::kTimeout)) cause = "a timeout";
    return fmt::format("after {} because of {} error!", counted(attempts), cause);
}

}  // namespace

struct IncludeSource::ComponentAddress {
    std::string project;
    std::string name;
    std::string version;
};

IncludeSource::IncludeSource(BlockingCalls& calls, IncludeOptions options)
    : options_(std::move(options)),
      work_tree_(options_.root),
      web_(calls, options_.ca_file),
      gitlab_(web_, options_.gitlab) {}

const fs::path* IncludeSource::mapped(const std::string& project) const {
    const auto found = options_.local_projects.find(project);
    return found == options_.local_projects.end() ? nullptr : &found->second;
}

IncludeSource::Fetched IncludeSource::local(const Origin& origin, const std::string& path) {
    if (origin.project.empty()) return work_tree_.local(origin, path);
    return from_project(origin, path);
}

/// A file of another project, at a commit that is known.
IncludeSource::Fetched IncludeSource::from_project(const Origin& origin, const std::string& path) {
    if (const fs::path* directory = mapped(origin.project)) {
        pipeline::include::WorkTreeSource tree(*directory);
        Fetched fetched = tree.local({}, path);
        fetched.origin = origin;
        return fetched;
    }
    const std::string key = fmt::format("file {} {} {}", origin.project, origin.sha, path);
    if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
    return kept_[key] = to_fetched(gitlab_.file(origin.project, origin.sha, path), origin);
}

std::vector<std::string> IncludeSource::list(const Origin& origin, const std::string& directory) {
    if (origin.project.empty()) return work_tree_.list(origin, directory);
    if (const fs::path* root = mapped(origin.project)) {
        return pipeline::include::WorkTreeSource(*root).list({}, directory);
    }
    return gitlab_.tree(origin.project, origin.sha).value_or(std::vector<std::string>{});
}

IncludeSource::Fetched IncludeSource::project(const std::string& project, const std::string& ref,
                                              const std::string& file) {
    Origin origin{project, {}, false};
    if (mapped(project) == nullptr) {
        Obtained commit = gitlab_.commit(project, ref);
        if (!commit.text) return to_fetched(std::move(commit), std::move(origin));
        origin.sha = *commit.text;
    }
    return from_project(origin, file);
}

pipeline::rules::ProjectFiles IncludeSource::project_files(const std::string& project,
                                                           const std::string& ref) {
    if (mapped(project) != nullptr) return {true, true, list({project, {}, false}, {})};
    const Obtained commit = gitlab_.commit(project, ref);
    if (!commit.text) return {commit.failure == FetchFailure::kNoReference, false, {}};
    auto files = gitlab_.tree(project, *commit.text);
    if (!files) return {};
    return {true, true, std::move(*files)};
}

IncludeSource::Fetched IncludeSource::remote(const std::string& address) {
    auto [kept, fresh] = kept_.try_emplace("remote " + address);
    if (fresh) kept->second = fetch_remote(address);
    return kept->second;
}

IncludeSource::Fetched IncludeSource::fetch_remote(const std::string& address) {
    Attempted attempted = web_.get(address);
    if (web_.out_of_time()) return failed(FetchFailure::kOutOfTime, {}, "GET " + address);
    if (!attempted.answer) {
        const base::Error& error = attempted.answer.error();
        if (error.code == boost::system::errc::connection_refused) {
            return failed(FetchFailure::kRefused, fmt::format("because {}!", error.code.message()),
                          error.message);
        }
        return failed(FetchFailure::kUnreachable, words_of(error, attempted.attempts),
                      error.message);
    }
    const auto& answer = *attempted.answer;
    if (answer.status >= 300) {
        return failed(FetchFailure::kUnreachable,
                      fmt::format("after {} because of HTTP code `{}` error!",
                                  counted(attempted.attempts), answer.status),
                      {});
    }
    Fetched fetched;
    fetched.content = answer.body;
    fetched.origin.remote = true;
    return fetched;
}

IncludeSource::Fetched IncludeSource::bundled_template(const std::string& name) {
    auto [kept, fresh] = kept_.try_emplace("template " + name);
    if (fresh) kept->second = fetch_template(name);
    return kept->second;
}

/// The API gives templates that have no directory in their name. All others are read from where
/// GitLab publishes them.
IncludeSource::Fetched IncludeSource::fetch_template(const std::string& name) {
    if (const fs::path* directory = mapped(std::string(kTemplateKey))) {
        return pipeline::include::WorkTreeSource(*directory).local({}, name);
    }
    Obtained given;
    if (gitlab_.known() && name.find('/') == std::string::npos) {
        given = gitlab_.ci_template(name.substr(0, name.size() - kTemplateEnding.size()));
        if (given.text) return to_fetched(std::move(given), {});
    }
    Fetched published = fetch_remote(std::string(kPublishedTemplates) + name);
    published.origin = {};
    if (!published.content) {
        if (published.hint.empty()) published.hint = given.hint;
        published.hint += "; --include-map template=DIRECTORY takes templates from this machine";
    }
    return published;
}

IncludeSource::Fetched IncludeSource::component(const std::string& address) {
    auto [kept, fresh] = kept_.try_emplace("component " + address);
    if (fresh) kept->second = fetch_component(address);
    return kept->second;
}

/// The commit of a version: "~latest" and partial versions are releases, everything else is a tag,
/// a branch or a commit id.
Obtained IncludeSource::component_commit(const ComponentAddress& wanted, std::string& version) {
    const bool latest = wanted.version == kLatest;
    if (latest || is_partial_version(wanted.version)) {
        Obtained tag = gitlab_.highest_release(wanted.project, latest ? "" : wanted.version);
        if (tag.text) version = *tag.text;
        if (!tag.text && (latest || tag.failure != FetchFailure::kMissing)) return tag;
    }
    return gitlab_.commit(wanted.project, version);
}

IncludeSource::Fetched IncludeSource::fetch_component(const std::string& address) {
    const std::size_t at = address.find('@');
    const std::size_t host_end = address.find('/');
    const std::string path = address.substr(0, at);
    const std::size_t name_start = path.rfind('/');
    const bool shaped = at != std::string::npos && host_end != std::string::npos &&
                        host_end < name_start && name_start != std::string::npos;
    if (!shaped) {
        return failed(FetchFailure::kMissing, "the component path is not supported",
                      "an address is HOST/GROUP/PROJECT/COMPONENT@VERSION");
    }
    ComponentAddress wanted{path.substr(host_end + 1, name_start - host_end - 1),
                            path.substr(name_start + 1), address.substr(at + 1)};
    Origin origin{wanted.project, {}, false};
    std::string version = wanted.version;
    if (mapped(wanted.project) == nullptr) {
        if (gitlab_.known() && path.substr(0, host_end) != gitlab_.fqdn()) {
            return failed(FetchFailure::kMissing, "the component path is not supported",
                          fmt::format("components are read from the project's own server, {}",
                                      gitlab_.fqdn()));
        }
        Obtained commit = component_commit(wanted, version);
        if (!commit.text) {
            // For a missing ref GitLab reports missing content.
            if (commit.failure == FetchFailure::kNoReference)
                commit.failure = FetchFailure::kMissing;
            Fetched none = to_fetched(std::move(commit), std::move(origin));
            if (wanted.version == kLatest && none.failure == FetchFailure::kMissing) {
                none.detail = kNoCatalog;
            }
            return none;
        }
        origin.sha = *commit.text;
    }
    Fetched fetched = from_project(origin, "templates/" + wanted.name + ".yml");
    if (!fetched.content && fetched.failure == FetchFailure::kMissing) {
        fetched = from_project(origin, "templates/" + wanted.name + "/template.yml");
    }
    fetched.component = {{"name", wanted.name},
                         {"sha", origin.sha},
                         {"version", version},
                         {"reference", wanted.version}};
    return fetched;
}

}  // namespace runner::commands
