#include "runner/pipeline/load.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/root.hpp"
#include "runner/pipeline/merge/extends.hpp"
#include "runner/pipeline/merge/key_order.hpp"
#include "runner/pipeline/merge/references.hpp"
#include "runner/pipeline/plan/list_values.hpp"
#include "runner/pipeline/plan/normalise.hpp"
#include "runner/pipeline/plan/validate_jobs.hpp"
#include "runner/pipeline/spec/document.hpp"
#include "runner/pipeline/yaml/load.hpp"

namespace runner::pipeline {
namespace {

using yaml::Map;
using yaml::Value;

constexpr std::size_t kMostWarnings = 25;
constexpr std::size_t kMostInputs = 20;

/// Merges all files into one tree. Stops at the first problem.
Checked<Value> merged_tree(const LoadRequest& request, include::Source& source, Loaded& loaded) {
    if (base::trim(request.text).empty()) {
        return Problem{"Please provide content of .gitlab-ci.yml", {}};
    }
    if (request.inputs.is_map() && request.inputs.entries().size() > kMostInputs) {
        return Problem{fmt::format("There cannot be more than {} inputs", kMostInputs), {}};
    }
    auto document = spec::read_document(request.text, 0);
    if (!document) return document.error();
    rules::ExpressionCache expressions;
    const rules::Context context(request.variables, request.repository, expressions);
    include::Resolver includes(source, context, loaded.files, loaded.includes, request.limits);
    spec::Arguments arguments;
    arguments.inputs = request.inputs;
    arguments.variables = &request.variables;
    auto content = spec::interpolate_document(*document, arguments, [&](const Value& include) {
        return includes.input_definitions(include, request.origin);
    });
    if (!content) return content;
    auto merged = includes.resolve(*content, request.origin);
    if (!merged) return merged;
    auto extended = merge::resolve_extends(*merged);
    if (!extended) return extended;
    auto bounded = yaml::bounded(std::move(*extended));
    if (!bounded) return bounded;
    auto resolved = merge::resolve_references(*bounded);
    if (!resolved) return resolved;
    return merge::with_text_keys_first(*resolved);
}

/// The root with `stages` as GitLab prints them in the merged file: with `.pre` and `.post`.
Value with_edge_stages(const Value& root) {
    const Value* written = root.given("stages");
    if (written == nullptr || !written->is_list() || written->items().empty()) return root;
    yaml::List list{Value::string(".pre", written->mark())};
    for (const Value& stage : written->items()) {
        if (!stage.is_text(".pre") && !stage.is_text(".post")) list.push_back(stage);
    }
    list.push_back(Value::string(".post", written->mark()));
    Map entries = root.entries();
    entries.set(Value::string("stages"), Value::list(std::move(list), written->mark()));
    return Value::map(std::move(entries), root.mark());
}

}  // namespace

Loaded load_configuration(const LoadRequest& request, include::Source& source) {
    Loaded loaded;
    loaded.files.push_back({request.name, request.text});
    auto root = merged_tree(request, source, loaded);
    if (!root) {
        loaded.errors.push_back(root.error());
        return loaded;
    }
    loaded.merged = with_edge_stages(*root);
    keywords::Defaults defaults;
    keywords::Report report;
    keywords::check_root(*root, request.edition, defaults, report);
    loaded.errors = report.take();
    loaded.warnings = report.take_warnings();
    if (loaded.warnings.size() > kMostWarnings) loaded.warnings.resize(kMostWarnings);
    if (!loaded.errors.empty()) return loaded;
    loaded.merged = plan::with_list_values(*loaded.merged);
    auto normalised = plan::normalise(*root, defaults);
    if (!normalised) {
        loaded.errors.push_back(normalised.error());
        return loaded;
    }
    if (auto problem = plan::validate_jobs(normalised->configuration)) {
        loaded.errors.push_back(*problem);
        return loaded;
    }
    loaded.parallel = std::move(normalised->parallel);
    loaded.configuration = std::move(normalised->configuration);
    return loaded;
}

}  // namespace runner::pipeline
