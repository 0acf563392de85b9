#include "runner/script/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/names.hpp"
#include "base/strings.hpp"
#include "runner/script/size_limits.hpp"
#include "runner/script/variable_names.hpp"

namespace runner::script {

using protocol::gitlab::Image;
using protocol::gitlab::JobInput;
using protocol::gitlab::JobPayload;
using Problem = InputsExpansion::Problem;

namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kPath = "job.inputs.";
constexpr base::NameRule kInputName{.also = "-"};

class Expansion {
  public:
    explicit Expansion(const std::vector<JobInput>& inputs) {
        // Of several inputs with one name the first counts.
        for (const JobInput& input : inputs) inputs_.emplace(input.key, &input);
    }

    /// Replaces the expressions in `text`; `field` names it in messages.
    void apply(std::string_view field, std::string& text) {
        if (result.problem != Problem::kNone) return;
        std::string out;
        std::size_t at = 0;
        for (auto open = text.find(kOpen); open != std::string::npos; open = text.find(kOpen, at)) {
            const auto close = text.find(kClose, open);
            if (close == std::string::npos)
                return fail(Problem::kParse, field, "an expression has no end");
            out.append(text, at, open - at);
            const auto begin = open + kOpen.size();
            append(
                field, out,
                value_of(field, base::trim(std::string_view(text).substr(begin, close - begin))));
            if (result.problem != Problem::kNone) return;
            at = close + kClose.size();
        }
        if (at > 0) text = out.append(text, at);
    }
    void apply(std::string_view field, std::vector<std::string>& texts) {
        for (std::string& text : texts) apply(field, text);
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
    void append(std::string_view field, std::string& out, std::string_view value) {
        bytes_ += value.size();
        if (bytes_ <= kMaxVariablesBytes) {
            out += value;
            return;
        }
        fail(Problem::kEvaluation, field,
             fmt::format("the job has more than {} MiB when its inputs are replaced",
                         kMaxVariablesBytes >> 20U));
    }
    std::string_view value_of(std::string_view field, std::string_view expression) {
        const std::string_view name = expression.substr(std::min(kPath.size(), expression.size()));
        if (!expression.starts_with(kPath) || !base::is_name(name, kInputName)) {
            fail(Problem::kParse, field,
                 fmt::format(
                     "\"{}\" is not an expression that this runner knows: write job.inputs.NAME",
                     shown_name(expression)));
            return {};
        }
        const auto found = inputs_.find(name);
        if (found == inputs_.end()) {
            fail(Problem::kEvaluation, field,
                 fmt::format("the job has no input \"{}\"", shown_name(name)));
            return {};
        }
        const JobInput& input = *found->second;
        if (input.sensitive) {
            fail(Problem::kSensitive, field,
                 fmt::format("the input \"{}\" is sensitive and cannot stand here",
                             shown_name(name)));
            return {};
        }
        ++result.count;
        return input.text;
    }
    /// Keeps the first problem.
    void fail(Problem problem, std::string_view field, std::string_view what) {
        if (result.problem != Problem::kNone) return;
        result.problem = problem;
        result.message = fmt::format("job inputs: {}: {}", shown_name(field), what);
    }

    std::map<std::string_view, const JobInput*> inputs_;
    std::size_t bytes_ = 0;  ///< of the values that were put in
};

}  // namespace

InputsExpansion expand_inputs(JobPayload& payload) {
    Expansion expansion(payload.inputs);
    if (payload.inputs.empty()) return expansion.result;
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
