#pragma once

#include "runner/pipeline/keywords/report.hpp"

/// The checks of single keywords. Each takes the keyword's value (never null: null means "not
/// given"), the place that names it, and reports in GitLab's order and words. A value with problems
/// of its own is not descended into, as there.
namespace runner::pipeline::keywords {

void check_commands(const yaml::Value& value, const Place& place, Report& report);
void check_stage(const yaml::Value& value, const Place& place, Report& report);
void check_stages(const yaml::Value& value, const Place& place, Report& report);
void check_policy(const yaml::Value& value, const Place& place, Report& report);
void check_image(const yaml::Value& value, const Place& place, Report& report);
void check_services(const yaml::Value& value, const Place& place, Report& report);
void check_cache(const yaml::Value& value, const Place& place, Report& report);
void check_artifacts(const yaml::Value& value, const Place& place, Report& report);
void check_environment(const yaml::Value& value, const Place& place, Report& report);
void check_parallel(const yaml::Value& value, bool bridge, const Place& place, Report& report);
void check_retry(const yaml::Value& value, Report& report);
void check_allow_failure(const yaml::Value& value, const Place& place, Report& report);
void check_timeout(const yaml::Value& value, const Place& place, Report& report);
void check_tags(const yaml::Value& value, const Place& place, Report& report);
void check_boolean(const yaml::Value& value, const Place& place, Report& report);
void check_hooks(const yaml::Value& value, const Place& place, Report& report);
/// The part of it without which nothing is taken over.
void check_inherit_keys(const yaml::Value& value, const Place& place, Report& report);
void check_inherit(const yaml::Value& value, const Place& place, Report& report);
void check_coverage(const yaml::Value& value, const Place& place, Report& report);
void check_id_tokens(const yaml::Value& value, const Place& place, Report& report);
void check_release(const yaml::Value& value, const Place& place, Report& report);
void check_publish(const yaml::Value& value, const Place& place, Report& report);
void check_pages(const yaml::Value& value, const Place& place, Report& report);
/// The `include` of a file of which nothing was included, or of a trigger.
void check_include(const yaml::Value& value, const Place& place, Report& report);
void check_trigger(const yaml::Value& value, const Place& place, Report& report);
void check_run(const yaml::Value& value, const Place& place, Report& report);
void check_secrets(const yaml::Value& value, const Place& place, Report& report);
void check_dast_configuration(const yaml::Value& value, const Place& place, Report& report);
void check_job_inputs(const yaml::Value& value, const Place& place, Report& report);
/// What `place`'s job inputs have as default against what they ask for.
void check_input_values(const yaml::Value& inputs, const Place& job, Report& report);

enum class VariableScope { kRoot, kJob, kRule };
void check_variables(const yaml::Value& value, VariableScope scope, const Place& place,
                     Report& report);

enum class RuleScope { kJob, kWorkflow, kInclude };
/// `place` is that of the list; the items say "…:rules:rule".
void check_rules(const yaml::Value& value, RuleScope scope, const Place& place, Report& report);
void check_workflow(const yaml::Value& value, Report& report);

struct NeedsContext {
    bool bridge = false;
    bool enterprise = true;
    bool rule = false;  ///< the needs of a rule
};
void check_needs(const yaml::Value& value, const NeedsContext& context, const Place& place,
                 Report& report);

}  // namespace runner::pipeline::keywords
