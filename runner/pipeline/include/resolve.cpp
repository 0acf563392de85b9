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
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/yaml/load.hpp"

namespace runner::pipeline::include {

using yaml::Map;
using yaml::Value;

struct Resolver::Located {
    Entry entry;  // with variables expanded
    [[nodiscard]] std::string path() const { return entry.location; }
};

Resolver::Resolver(Source& source, const rules::Context& context, std::vector<File>& files,
                   std::vector<Included>& included, Limits limits)
    : source_(source), context_(context), files_(files), included_(included), limits_(limits) {}

namespace {

Checked<bool> wanted(const Entry& entry, const rules::Context& context) {
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

bool keeps_yaml_extension(const Entry& entry) {
    if (entry.kind == Kind::kComponent || entry.kind == Kind::kArtifact) return true;
    const std::string_view path(entry.location);
    return has_yaml_extension(path);
}

}  // namespace

Checked<std::vector<Resolver::Located>> Resolver::locate(const Value& include,
                                                         const Origin& origin) {
    auto entries = parse_entries(include);
    if (!entries) return entries.error();
    std::vector<Located> located;
    std::set<std::string> local_seen;
    for (Entry& entry : *entries) {
        auto is_wanted = wanted(entry, context_);
        if (!is_wanted) return is_wanted.error();
        if (!*is_wanted) continue;
        entry.location = expanded(entry.location, context_);
        entry.project = expanded(entry.project, context_);
        entry.ref = expanded(entry.ref, context_);
        if (entry.kind != Kind::kLocal || !glob::IncludeGlob::is_wildcard(entry.location)) {
            if (entry.kind == Kind::kLocal) {
                entry.location = without_slash(entry.location);
                local_seen.insert(entry.location);
            }
            located.push_back({std::move(entry)});
            continue;
        }
        const glob::IncludeGlob glob(entry.location);
        for (const std::string& path : source_.list(origin)) {
            if (!glob.matches(path) || !local_seen.insert(path).second) continue;
            Entry one = entry;
            one.location = path;
            located.push_back({std::move(one)});
        }
    }
    return located;
}

namespace {

std::string project_problem(const Entry& entry, FetchFailure failure) {
    const std::string project = base::to_lower(entry.project);
    if (failure == FetchFailure::kNoReference) {
        return fmt::format("Project `{}` reference `{}` does not exist!", project,
                           entry.ref.empty() ? "HEAD" : entry.ref);
    }
    if (failure == FetchFailure::kMissing) {
        return fmt::format("Project `{}` file `{}` does not exist!", project, entry.location);
    }
    return fmt::format(
        "Project `{}` not found or access denied! Make sure any includes in the "
        "pipeline configuration are correctly defined.",
        project);
}

std::string component_problem(const Entry& entry, const Fetched& fetched) {
    std::string what = fetched.detail.empty() ? "content not found" : fetched.detail;
    if (fetched.failure == FetchFailure::kNoProject) {
        what = "project does not exist or you don't have sufficient permissions";
    }
    return fmt::format("Component '{}' - {}", entry.location, what);
}

Problem problem_of(const Entry& entry, const Fetched& fetched) {
    const std::string& path = entry.location;
    if (fetched.failure == FetchFailure::kUnsupported) return {fetched.detail, entry.mark, {}};
    if (fetched.failure == FetchFailure::kOutOfTime) {
        return {"Request timed out when fetching configuration files.", entry.mark, fetched.hint};
    }
    std::string text;
    switch (entry.kind) {
        case Kind::kLocal: text = fmt::format("Local file `{}` does not exist!", path); break;
        case Kind::kRemote:
            // GitLab does not say which, when nobody listens there.
            text =
                fetched.failure == FetchFailure::kRefused
                    ? fmt::format("Remote file could not be fetched {}", fetched.detail)
                    : fmt::format("Remote file `{}` could not be fetched {}", path, fetched.detail);
            break;
        case Kind::kTemplate:
            text = fmt::format("Included file `{}` is empty or does not exist!", path);
            break;
        case Kind::kComponent: text = component_problem(entry, fetched); break;
        case Kind::kArtifact:
            text =
                "Including configs from artifacts is only allowed when triggering child pipelines";
            break;
        case Kind::kProject: text = project_problem(entry, fetched.failure); break;
    }
    return {std::move(text), entry.mark, fetched.hint};
}

std::string empty_text(const Entry& entry) {
    if (entry.kind == Kind::kProject) {
        return fmt::format("Project `{}` file `{}` is empty!", base::to_lower(entry.project),
                           entry.location);
    }
    if (entry.kind == Kind::kComponent) return component_problem(entry, {});
    if (entry.kind == Kind::kTemplate || entry.kind == Kind::kRemote) {
        return fmt::format("Included file `{}` is empty or does not exist!", entry.location);
    }
    return fmt::format("Local file `{}` is empty!", entry.location);
}

}  // namespace

/// Asks the source; what it cannot be asked for is a problem.
Checked<Fetched> Resolver::ask(const Entry& entry, const Origin& origin) {
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
            if (!is_address(entry.location)) {
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

Checked<Fetched> Resolver::fetch(const Located& located, const Origin& origin) {
    const Entry& entry = located.entry;
    // Of a list GitLab only says that it has no such ending.
    if (!entry.is_text && !entry.location.starts_with('[')) {
        return Problem{fmt::format("Included file `{}` needs to be a string", entry.location),
                       entry.mark};
    }
    if (!keeps_yaml_extension(entry)) {
        return Problem{
            fmt::format("Included file `{}` does not have YAML extension!", entry.location),
            entry.mark};
    }
    auto fetched = ask(entry, origin);
    if (!fetched) return fetched;
    if (!fetched->content) return problem_of(entry, *fetched);
    if (base::trim(*fetched->content).empty()) return Problem{empty_text(entry), entry.mark};
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

std::uint16_t Resolver::remember(const Located& located, const Fetched& fetched) {
    const Entry& entry = located.entry;
    included_.push_back({std::string(to_string(entry.kind)), entry.location, entry.project,
                         entry.ref, entry.inputs, entry.rules});
    files_.push_back({entry.location, *fetched.content});
    const std::size_t most = std::numeric_limits<std::uint16_t>::max();
    return static_cast<std::uint16_t>(std::min(files_.size() - 1, most));
}

Checked<Value> Resolver::read(const Located& located, const Fetched& fetched) {
    const Entry& entry = located.entry;
    const std::uint16_t file = remember(located, fetched);
    const auto named = [&](const Problem& problem) {
        return Problem{fmt::format("`{}`: {}", entry.location, problem.text), problem.mark, {}};
    };
    auto document = spec::read_document(*fetched.content, file);
    if (!document) return named(document.error());
    spec::Arguments arguments;
    arguments.inputs = entry.inputs;
    for (const auto& [key, text] : fetched.component) {
        arguments.component.set(Value::string(key), Value::string(text));
    }
    arguments.variables = &context_.variables;
    std::optional<Problem> refused;
    auto content = spec::fill_in(*document, arguments, [&](const Value& include) -> Checked<Value> {
        if (entry.kind != Kind::kComponent) return input_definitions(include, fetched.origin);
        refused =
            Problem{fmt::format("Component `{}` cannot use `spec:include`. This keyword is not "
                                "supported in components",
                                entry.location),
                    include.mark()};
        return *refused;
    });
    if (refused) return *refused;  // without the location that stands before the others
    if (!content) return named(content.error());
    auto whole = resolve(*content, fetched.origin);
    if (whole && whole->is_blank()) {
        return Problem{
            fmt::format("Included file `{}` does not have valid YAML syntax!", entry.location),
            whole->mark()};
    }
    return whole;
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
    // GitLab then leaves the key where it is, to be checked like every other.
    if (located->empty()) return content;
    Value merged = Value::map({}, content.mark());
    for (const Located& one : *located) {
        if (++count_ > limits_.files) {
            return Problem{fmt::format("Maximum of {} nested includes are allowed!", limits_.files),
                           one.entry.mark};
        }
        if (one.entry.kind == Kind::kArtifact) return problem_of(one.entry, {});
        auto fetched = fetch(one, origin);
        if (!fetched) return fetched.error();
        auto value = read(one, *fetched);
        if (!value) return value;
        merged = deep_merge(merged, *value, budget_);
    }
    Map own = content.entries();
    merged = deep_merge(merged, Value::map(std::move(own), content.mark()), budget_);
    merged = without_include(merged);
    if (budget_.is_spent()) return Problem{std::string(yaml::kTooBig), content.mark()};
    return yaml::bounded(std::move(merged));
}

namespace {

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
    for (const Located& one : *located) {
        const Kind kind = one.entry.kind;
        if (kind != Kind::kLocal && kind != Kind::kRemote && kind != Kind::kProject) {
            return Problem{fmt::format("header:spec:include config does not support {} includes",
                                       to_string(kind)),
                           one.entry.mark};
        }
        if (++count_ > limits_.files) {
            return Problem{fmt::format("Maximum of {} nested includes are allowed!", limits_.files),
                           one.entry.mark};
        }
        auto fetched = fetch(one, origin);
        if (!fetched) return fetched.error();
        auto document = spec::read_document(*fetched->content, remember(one, *fetched));
        if (!document) return document.error();
        if (auto problem = check_header_include(one.entry, document->content)) return *problem;
        const Value* inputs = document->content.given("inputs");
        if (inputs == nullptr || !inputs->is_map()) continue;
        for (const auto& [key, definition] : inputs->entries()) {
            if (key.is_string() && all.find(key.as_string()) != nullptr) {
                return Problem{fmt::format("Duplicate input keys found: {}", key.as_string()),
                               key.mark()};
            }
            all.set(key, definition);
        }
    }
    return Value::map(std::move(all), include.mark());
}

}  // namespace runner::pipeline::include
