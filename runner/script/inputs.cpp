#include "runner/script/inputs.hpp"

#include <fmt/format.h>

#include <optional>

#include "runner/moa/template.hpp"
#include "runner/script/size_limits.hpp"

namespace runner::script {

using protocol::gitlab::Image;
using protocol::gitlab::JobInput;
using protocol::gitlab::JobPayload;
using Problem = InputsExpansion::Problem;

namespace {

std::optional<moa::Kind> kind_of_type(std::string_view type) {
    if (type == "string") return moa::Kind::kString;
    if (type == "number") return moa::Kind::kNumber;
    if (type == "boolean") return moa::Kind::kBoolean;
    if (type == "array") return moa::Kind::kArray;
    if (type == "struct") return moa::Kind::kObject;
    return std::nullopt;
}

class Expansion {
  public:
    explicit Expansion(const std::vector<JobInput>& inputs) {
        moa::Value::Object values;
        // Of several inputs with one name the first counts.
        for (const JobInput& input : inputs) values.emplace(input.key, value_of(input));
        moa::Value::Object job;
        job.emplace("inputs", moa::Value(std::move(values)));
        names_.emplace("job", moa::Value(std::move(job)));
    }

    /// Replaces the expressions in `text`; `field` names it in messages.
    void apply(std::string_view field, std::string& text) {
        if (result.problem != Problem::kNone) return;
        auto expanded = moa::expand(text, names_, budget_);
        if (!expanded) {
            const moa::Fault& fault = expanded.error();
            const bool parse = fault.kind == moa::Fault::Kind::kParse;
            return fail(parse ? Problem::kParse : Problem::kEvaluation,
                        fmt::format("{}, {}: {}", moa::shown(field),
                                    moa::position_in(text, fault.at), fault.what));
        }
        if (!expanded->sensitive.empty())
            return fail(Problem::kSensitive,
                        fmt::format("{}: {} uses a sensitive input, which cannot stand here",
                                    moa::shown(field), moa::shown(expanded->sensitive)));
        result.count += expanded->expressions;
        text = std::move(expanded->text);
    }
    /// The place of a text in a list of several is named, too.
    void apply(std::string_view field, std::vector<std::string>& texts) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            apply(texts.size() == 1 ? std::string(field) : fmt::format("{}, item {}", field, i + 1),
                  texts[i]);
        }
    }
    void apply(std::string_view field, Image& image) {
        apply(field, image.name);
        if (image.entrypoint) apply(field, *image.entrypoint);
        apply(field, image.command);
        apply(field, image.pull_policy);
        apply(field, image.docker_platform);
        apply(field, image.docker_user);
    }

    InputsExpansion result;

  private:
    moa::Value value_of(const JobInput& input) {
        auto value = moa::value_of_json(input.json);
        const auto kind = kind_of_type(input.type);
        if (!value) {
            fail(Problem::kParse, fmt::format("the value of \"{}\" is no JSON, or nested too deep",
                                              moa::shown(input.key)));
        } else if (kind && *kind != value->kind()) {
            fail(Problem::kParse,
                 fmt::format("the input \"{}\" is announced as {} and has a value of type {}",
                             moa::shown(input.key), input.type, moa::to_string(value->kind())));
        }
        return value.value_or(moa::Value()).marked(input.sensitive);
    }
    /// Keeps the first problem.
    void fail(Problem problem, std::string_view what) {
        if (result.problem != Problem::kNone) return;
        result.problem = problem;
        result.message = fmt::format("job inputs: {}", what);
    }

    moa::Value::Object names_;
    moa::Budget budget_{kMaxVariablesBytes};
};

}  // namespace

InputsExpansion expand_inputs(JobPayload& payload) {
    if (payload.inputs.empty()) return {};
    Expansion expansion(payload.inputs);
    for (auto& step : payload.steps) expansion.apply(step.name, step.script);
    if (payload.image) expansion.apply("image", *payload.image);
    for (auto& service : payload.services) expansion.apply("services", service);
    for (auto& artifact : payload.artifacts) {
        for (auto* text : {&artifact.name, &artifact.when, &artifact.expire_in})
            expansion.apply("artifacts", *text);
        for (auto* texts : {&artifact.paths, &artifact.exclude})
            expansion.apply("artifacts", *texts);
    }
    for (auto& cache : payload.cache) {
        for (auto* text : {&cache.key, &cache.policy, &cache.when}) expansion.apply("cache", *text);
        for (auto* texts : {&cache.paths, &cache.fallback_keys}) expansion.apply("cache", *texts);
    }
    return expansion.result;
}

}  // namespace runner::script
