#include "runner/pipeline/include/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/strings.hpp"
#include "runner/pipeline/glob/path_glob.hpp"
#include "runner/pipeline/include/entry.hpp"
#include "runner/pipeline/include/integrity.hpp"
#include "runner/pipeline/include/problems.hpp"
#include "runner/pipeline/inputs/input.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/yaml/load.hpp"

namespace runner::pipeline::include {

using yaml::Map;
using yaml::Value;

Resolver::Resolver(Source& source, const rules::Context& context, std::vector<File>& files,
                   std::vector<Included>& included, Limits limits)
    : source_(source), context_(context), files_(files), included_(included), limits_(limits) {}

namespace {

/// Whether the rules of a location include the file.
Checked<bool> is_included(const Value& location, const rules::Context& context) {
    if (auto problem = check_rules(location)) return *problem;
    const Value* list = location.given("rules");
    if (list == nullptr) return true;
    const auto rules = rules::flatten_rules(*list);
    auto match = rules::first_match(rules, context);
    if (!match) return Problem{"include:" + match.error().text, match.error().mark};
    if (match->rule == nullptr) return false;
    const Value* when = match->rule->given("when");
    return when == nullptr || !when->is_text("never");
}

/// The directory that contains all files which a wildcard can match; "" is the root.
std::string directory_of(const std::string& wildcard) {
    const std::size_t slash = wildcard.rfind('/', wildcard.find('*'));
    return slash == std::string::npos ? std::string{} : wildcard.substr(0, slash);
}

/// What is wrong with the location of a file, before anything is fetched.
std::optional<Problem> location_problem(const Entry& entry) {
    const auto problem = [&](std::string_view what, std::string_view why) {
        return Problem{fmt::format("{} file `{}` {}", what, entry.location, why), entry.mark};
    };
    if (!entry.is_text) return problem("Included", "needs to be a string");
    if (entry.kind == Kind::kComponent) return std::nullopt;
    if (!has_yaml_extension(entry.location)) {
        return problem("Included", "does not have YAML extension!");
    }
    if (entry.kind == Kind::kRemote && !is_url(entry.location)) {
        return problem("Remote", "does not have a valid address!");
    }
    if (entry.kind == Kind::kTemplate && !entry.location.ends_with(".gitlab-ci.yml")) {
        return problem("Template", "is not a valid location!");
    }
    return std::nullopt;
}

}  // namespace

/// The files that a location names: several for a list of files, and those that match a wildcard
/// and were not included before. GitLab looks for the wildcard before it expands variables.
std::vector<Value> Resolver::files_at(const Value& location, const Origin& origin) {
    const Value* project = location.given("project");
    if (project != nullptr && !(project->is_bool() && !project->as_bool())) {
        return per_file(location);
    }
    const Value* local = location.given("local");
    if (local == nullptr || !local->is_string() ||
        !glob::IncludeGlob::is_wildcard(local->as_string())) {
        return {location};
    }
    std::vector<Value> files;
    const glob::IncludeGlob glob(local->as_string());
    for (const std::string& path : source_.list(origin, directory_of(local->as_string()))) {
        if (glob.matches(path) && !local_files_.contains({origin.project, path})) {
            files.push_back(with_path(location, path));
        }
    }
    return files;
}

/// The files to include, whose rules match.
Checked<std::vector<Entry>> Resolver::locate(const Value& include, const Origin& origin) {
    const Expand expand = [this](const std::string& text) {
        return variables::expand(text, context_.variables(), variables::Undefined::kEmpty);
    };
    auto locations = locations_of(include, expand);
    if (!locations) return locations.error();
    std::vector<Value> files;
    for (const Value& location : *locations) {
        const auto included = is_included(location, context_);
        if (!included) return included.error();
        if (!*included) continue;
        for (Value& file : files_at(location, origin)) files.push_back(std::move(file));
    }
    std::vector<Entry> entries;
    for (const Value& file : files) {
        auto entry = match_location(with_expanded_texts(file, expand));
        if (!entry) return entry.error();
        entries.push_back(std::move(*entry));
    }
    return entries;
}

std::optional<Problem> Resolver::count_include(const Entry& entry, const Origin& origin) {
    if (entry.kind == Kind::kLocal) local_files_.emplace(origin.project, entry.location);
    included_.push_back({std::string(to_string(entry.kind)), entry.location, entry.project,
                         entry.ref, entry.inputs, entry.rules});
    if (++count_ <= limits_.files) return std::nullopt;
    return Problem{fmt::format("Maximum of {} nested includes are allowed!", limits_.files),
                   entry.mark};
}

std::optional<Problem> Resolver::count_bytes(const Entry& entry, const Fetched& fetched) {
    bytes_ += fetched.content->size();
    if (bytes_ <= limits_.total_bytes) return std::nullopt;
    return Problem{"Total size of combined CI/CD configuration is too big", entry.mark};
}

Fetched Resolver::request(const Entry& entry, const Origin& origin) {
    switch (entry.kind) {
        case Kind::kLocal: return source_.local(origin, entry.location);
        case Kind::kProject: return source_.project(entry.project, entry.ref, entry.location);
        case Kind::kRemote: return source_.remote(entry.location);
        case Kind::kTemplate: return source_.bundled_template(entry.location);
        case Kind::kComponent: return source_.component(entry.location);
        case Kind::kArtifact: break;
    }
    return {};
}

/// The file's text, which is not empty. The problem is one of this file.
Checked<Fetched> Resolver::fetch(const Entry& entry, const Origin& origin) {
    if (auto problem = location_problem(entry)) return *problem;
    if (entry.kind == Kind::kLocal && origin.remote) {
        return Problem{fmt::format("Local file `{}` does not have project!", entry.location),
                       entry.mark};
    }
    Fetched fetched = request(entry, origin);
    if (!fetched.content) return fetched;
    if (base::trim(*fetched.content).empty()) {
        return Problem{empty_file_message(entry), entry.mark};
    }
    if (!entry.integrity.empty() && !matches_integrity(*fetched.content, entry.integrity)) {
        return Problem{fmt::format("Remote file `{}` failed integrity check!", entry.location),
                       entry.mark};
    }
    return fetched;
}

/// Adds the file to the list of the configuration. Returns its index for marks.
std::uint16_t Resolver::add_file(const Entry& entry, const Fetched& fetched) {
    files_.push_back({entry.location, *fetched.content});
    const std::size_t most = std::numeric_limits<std::uint16_t>::max();
    return static_cast<std::uint16_t>(std::min(files_.size() - 1, most));
}

/// The content of a file, with its blocks replaced and its own includes resolved. Nothing when the
/// file has a problem, which is then among `problems`. An error ends all: GitLab reports the
/// problems of a list only when all its files were looked at, and stops at once when an include
/// within one of them fails.
Checked<std::optional<Value>> Resolver::content_of(const Entry& entry, const Origin& origin,
                                                   Problems& problems) {
    const auto refuse = [&](Problem problem) -> std::optional<Value> {
        problems.push_back(std::move(problem));
        return std::nullopt;
    };
    auto fetched = fetch(entry, origin);
    if (!fetched) return refuse(fetched.error());
    if (!fetched->content) {
        Problem problem = fetch_problem(entry, *fetched);
        if (fetched->failure == FetchFailure::kOutOfTime) return problem;
        return refuse(std::move(problem));
    }
    if (auto problem = count_bytes(entry, *fetched)) return *problem;
    auto document = spec::read_document(*fetched->content, add_file(entry, *fetched));
    if (!document) return refuse(with_location(entry, document.error()));
    auto content = interpolate(entry, *fetched, *document);
    if (!content) return refuse(content.error());
    auto whole = resolve(*content, fetched->origin);
    if (!whole) return whole.error();
    if (!whole->is_blank()) return std::optional(std::move(*whole));
    return refuse(
        {fmt::format("Included file `{}` does not have valid YAML syntax!", entry.location),
         whole->mark()});
}

Checked<Value> Resolver::interpolate(const Entry& entry, const Fetched& fetched,
                                     const spec::Document& document) {
    spec::Arguments arguments;
    arguments.inputs = entry.inputs;
    for (const auto& [key, text] : fetched.component) {
        arguments.component.set(Value::string(key), Value::string(text));
    }
    arguments.variables = &context_.variables();
    std::optional<Problem> refused;
    const auto included_inputs = [&](const Value& include) -> Checked<Value> {
        if (entry.kind != Kind::kComponent) return input_definitions(include, fetched.origin);
        refused =
            Problem{fmt::format("Component `{}` cannot use `spec:include`. This keyword is not "
                                "supported in components",
                                entry.location),
                    include.mark()};
        return *refused;
    };
    auto content = spec::interpolate_document(document, arguments, included_inputs);
    // GitLab's message about this does not begin with the location.
    if (refused) return *refused;
    if (!content) return with_location(entry, content.error());
    return content;
}

namespace {

Value without_include(const Value& content) {
    Map rest = content.entries();
    rest.erase("include");
    return Value::map(std::move(rest), content.mark());
}

}  // namespace

Checked<Value> Resolver::resolve(const Value& content, const Origin& origin) {
    const Value* include = content.given("include");
    if (include == nullptr) return content;
    auto located = locate(*include, origin);
    if (!located) return located.error();
    // GitLab then keeps the key, and it is checked like any other.
    if (located->empty()) return content;
    for (const Entry& entry : *located) {
        if (auto problem = count_include(entry, origin)) return *problem;
    }
    Problems problems;
    Value merged = Value::map({}, content.mark());
    for (const Entry& entry : *located) {
        auto file = content_of(entry, origin, problems);
        if (!file) return file.error();
        if (*file) merged = merge::deep_merge(merged, **file, budget_);
    }
    if (!problems.empty()) return problems.front();
    merged = without_include(merge::deep_merge(merged, content, budget_));
    if (budget_.is_spent()) return Problem{std::string(yaml::kTooBig), content.mark()};
    return yaml::bounded(std::move(merged));
}

namespace {

/// A file that `spec:include` names may only contain `inputs`.
std::optional<Problem> check_header_include(const Entry& entry, const Value& content) {
    std::string unknown;
    for (const auto& [key, value] : content.entries()) {
        if (key.is_text("inputs")) continue;
        unknown += (unknown.empty() ? ":" : ", :") + key.to_text();
    }
    if (unknown.empty()) return std::nullopt;
    return Problem{fmt::format("Header include file `{}` contains unknown keys: [{}]",
                               entry.location, unknown),
                   entry.mark};
}

}  // namespace

Checked<Value> Resolver::input_definitions(const Value& include, const Origin& origin) {
    auto located = locate(include, origin);
    if (!located) return located.error();
    Map all;
    for (const Entry& entry : *located) {
        const Kind kind = entry.kind;
        if (kind != Kind::kLocal && kind != Kind::kRemote && kind != Kind::kProject) {
            return Problem{fmt::format("header:spec:include config does not support {} includes",
                                       to_string(kind)),
                           entry.mark};
        }
        if (auto problem = count_include(entry, origin)) return *problem;
        auto fetched = fetch(entry, origin);
        if (!fetched) return fetched.error();
        if (!fetched->content) return fetch_problem(entry, *fetched);
        if (auto problem = count_bytes(entry, *fetched)) return *problem;
        auto document = spec::read_document(*fetched->content, add_file(entry, *fetched));
        if (!document) return document.error();
        if (auto problem = check_header_include(entry, document->content)) return *problem;
        const Value* definitions = document->content.given("inputs");
        if (definitions == nullptr || !definitions->is_map()) continue;
        if (auto problem = inputs::add_definitions(*definitions, all)) return *problem;
    }
    return Value::map(std::move(all), include.mark());
}

}  // namespace runner::pipeline::include
