#include "runner/pipeline/include/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
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

/// Whether the entry's rules include the file.
Checked<bool> is_included(const Entry& entry, const rules::Context& context) {
    if (entry.rules.is_null()) return true;
    const auto rules = rules::flatten_rules(entry.rules);
    auto match = rules::first_match(rules, context);
    if (!match) return match.error();
    if (match->rule == nullptr) return false;
    const Value* when = match->rule->given("when");
    return when == nullptr || !when->is_text("never");
}

std::string expanded(const std::string& text, const rules::Context& context) {
    return variables::expand(text, context.variables, variables::Undefined::kEmpty);
}

std::string without_slash(std::string path) {
    if (path.starts_with('/')) path.erase(0, 1);
    return path;
}

/// Whether the name of the file is acceptable. Components and artifacts need no extension.
bool has_valid_extension(const Entry& entry) {
    if (entry.kind == Kind::kComponent || entry.kind == Kind::kArtifact) return true;
    return has_yaml_extension(entry.location);
}

}  // namespace

/// The files to include: entries whose rules match, with variables expanded, and one entry for each
/// file that a wildcard matches.
Checked<std::vector<Entry>> Resolver::locate(const Value& include, const Origin& origin) {
    auto entries = parse_entries(include);
    if (!entries) return entries.error();
    std::vector<Entry> located;
    std::set<std::string> local_seen;
    for (Entry& entry : *entries) {
        auto included = is_included(entry, context_);
        if (!included) return included.error();
        if (!*included) continue;
        entry.location = expanded(entry.location, context_);
        entry.project = expanded(entry.project, context_);
        entry.ref = expanded(entry.ref, context_);
        if (entry.kind != Kind::kLocal || !glob::IncludeGlob::is_wildcard(entry.location)) {
            if (entry.kind == Kind::kLocal) {
                entry.location = without_slash(entry.location);
                local_seen.insert(entry.location);
            }
            located.push_back(std::move(entry));
            continue;
        }
        const glob::IncludeGlob glob(entry.location);
        for (const std::string& path : source_.list(origin)) {
            if (!glob.matches(path) || !local_seen.insert(path).second) continue;
            Entry one = entry;
            one.location = path;
            located.push_back(std::move(one));
        }
    }
    return located;
}

std::optional<Problem> Resolver::count_include(const Entry& entry) {
    if (++count_ <= limits_.files) return std::nullopt;
    return Problem{fmt::format("Maximum of {} nested includes are allowed!", limits_.files),
                   entry.mark};
}

/// Requests the file from the source. Returns a problem when the location is not valid for its
/// kind.
Checked<Fetched> Resolver::request(const Entry& entry, const Origin& origin) {
    const auto refuse = [&](std::string_view what, std::string_view why) {
        return Problem{fmt::format("{} file `{}` {}", what, entry.location, why), entry.mark};
    };
    switch (entry.kind) {
        case Kind::kLocal:
            if (origin.remote) return refuse("Local", "does not have project!");
            return source_.local(origin, entry.location);
        case Kind::kProject:
            return source_.project(entry.project, entry.ref, without_slash(entry.location));
        case Kind::kRemote:
            if (!is_url(entry.location)) {
                return refuse("Remote", "does not have a valid address!");
            }
            return source_.remote(entry.location);
        case Kind::kTemplate:
            if (!entry.location.ends_with(".gitlab-ci.yml")) {
                return refuse("Template", "is not a valid location!");
            }
            return source_.bundled_template(entry.location);
        case Kind::kComponent: return source_.component(entry.location);
        case Kind::kArtifact: break;
    }
    return Fetched{};
}

/// Requests the file and checks what comes back.
Checked<Fetched> Resolver::fetch(const Entry& entry, const Origin& origin) {
    // About a list, GitLab only says that it has no YAML extension.
    if (!entry.is_text && !entry.location.starts_with('[')) {
        return Problem{fmt::format("Included file `{}` needs to be a string", entry.location),
                       entry.mark};
    }
    if (!has_valid_extension(entry)) {
        return Problem{
            fmt::format("Included file `{}` does not have YAML extension!", entry.location),
            entry.mark};
    }
    auto fetched = request(entry, origin);
    if (!fetched) return fetched;
    if (!fetched->content) return fetch_problem(entry, *fetched);
    if (base::trim(*fetched->content).empty())
        return Problem{empty_file_message(entry), entry.mark};
    if (!entry.integrity.empty() && !matches_integrity(*fetched->content, entry.integrity)) {
        return Problem{fmt::format("Remote file `{}` failed integrity check!", entry.location),
                       entry.mark};
    }
    bytes_ += fetched->content->size();
    if (bytes_ > limits_.total_bytes) {
        return Problem{"Total size of combined CI/CD configuration is too big", entry.mark};
    }
    return fetched;
}

/// Adds the file to the lists of the configuration. Returns its index for marks.
std::uint16_t Resolver::record(const Entry& entry, const Fetched& fetched) {
    included_.push_back({std::string(to_string(entry.kind)), entry.location, entry.project,
                         entry.ref, entry.inputs, entry.rules});
    files_.push_back({entry.location, *fetched.content});
    const std::size_t most = std::numeric_limits<std::uint16_t>::max();
    return static_cast<std::uint16_t>(std::min(files_.size() - 1, most));
}

/// The content of a fetched file: its blocks replaced, and its own includes resolved.
Checked<Value> Resolver::load(const Entry& entry, const Fetched& fetched) {
    const std::uint16_t file = record(entry, fetched);
    auto document = spec::read_document(*fetched.content, file);
    if (!document) return with_location(entry, document.error());
    auto content = interpolate(entry, fetched, *document);
    if (!content) return content;
    auto whole = resolve(*content, fetched.origin);
    if (whole && whole->is_blank()) {
        return Problem{
            fmt::format("Included file `{}` does not have valid YAML syntax!", entry.location),
            whole->mark()};
    }
    return whole;
}

Checked<Value> Resolver::interpolate(const Entry& entry, const Fetched& fetched,
                                     const spec::Document& document) {
    spec::Arguments arguments;
    arguments.inputs = entry.inputs;
    for (const auto& [key, text] : fetched.component) {
        arguments.component.set(Value::string(key), Value::string(text));
    }
    arguments.variables = &context_.variables;
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
    Value merged = Value::map({}, content.mark());
    for (const Entry& entry : *located) {
        if (auto problem = count_include(entry)) return *problem;
        if (entry.kind == Kind::kArtifact) return fetch_problem(entry, {});
        auto fetched = fetch(entry, origin);
        if (!fetched) return fetched.error();
        auto value = load(entry, *fetched);
        if (!value) return value;
        merged = merge::deep_merge(merged, *value, budget_);
    }
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
        if (auto problem = count_include(entry)) return *problem;
        auto fetched = fetch(entry, origin);
        if (!fetched) return fetched.error();
        auto document = spec::read_document(*fetched->content, record(entry, *fetched));
        if (!document) return document.error();
        if (auto problem = check_header_include(entry, document->content)) return *problem;
        const Value* definitions = document->content.given("inputs");
        if (definitions == nullptr || !definitions->is_map()) continue;
        if (auto problem = inputs::add_definitions(*definitions, all)) return *problem;
    }
    return Value::map(std::move(all), include.mark());
}

}  // namespace runner::pipeline::include
