#pragma once

#include "runner/pipeline/keywords/report.hpp"
#include "runner/pipeline/yaml/value.hpp"

/// One check per keyword. A check takes the value of the keyword (never null: a null value counts
/// as "not given" and is not checked) and the key path that messages begin with, and reports
/// problems in GitLab's order and words. When a value has problems of its own, the values inside it
/// are not checked; GitLab does the same. The messages are in ci-yaml.md §6.
namespace runner::pipeline::keywords {

// script.cpp
/// `script`, `before_script`, `after_script` and other lists of commands.
void check_commands(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_hooks(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_run(const yaml::Value& value, const KeyPath& key_path, Report& report);

// stages.cpp
void check_stage(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_stages(const yaml::Value& value, const KeyPath& key_path, Report& report);

// scalar_keywords.cpp
void check_boolean(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_timeout(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_tags(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_publish(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_coverage(const yaml::Value& value, const KeyPath& key_path, Report& report);

// retry.cpp
void check_allow_failure(const yaml::Value& value, const KeyPath& key_path, Report& report);
/// GitLab's messages about `retry` do not name the job.
void check_retry(const yaml::Value& value, Report& report);

// inherit.cpp
/// Only the type and the keys of `inherit`. While these have problems, the job inherits nothing.
void check_inherit_keys(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_inherit(const yaml::Value& value, const KeyPath& key_path, Report& report);

void check_image(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_services(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_cache(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_artifacts(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_environment(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_release(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_pages(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_parallel(const yaml::Value& value, bool bridge, const KeyPath& key_path, Report& report);
/// `include` (the configuration still has this key when no file was included), and
/// `trigger:include`.
void check_include(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_trigger(const yaml::Value& value, const KeyPath& key_path, Report& report);

// secrets.cpp
void check_id_tokens(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_secrets(const yaml::Value& value, const KeyPath& key_path, Report& report);
void check_dast_configuration(const yaml::Value& value, const KeyPath& key_path, Report& report);

// inputs.cpp
/// Only inputs of a header may have `rules`.
enum class InputPlace { kHeader, kJob };
/// The definition of one input, in `spec:inputs` or in a job's `inputs`. The last name of
/// `key_path` is the input's name ("header:spec:inputs:NAME").
void check_input_definition(const yaml::Value& definition, InputPlace place,
                            const KeyPath& key_path, Report& report);
void check_job_inputs(const yaml::Value& value, const KeyPath& key_path, Report& report);
/// Checks the default values of a job's inputs against the definitions. `job` is the key path of
/// the job. Does nothing when the definitions have problems.
void check_job_input_defaults(const yaml::Value& inputs, const KeyPath& job, Report& report);

enum class VariableScope { kRoot, kJob, kRule };
void check_variables(const yaml::Value& value, VariableScope scope, const KeyPath& key_path,
                     Report& report);

enum class RuleScope { kJob, kWorkflow, kInclude };
/// `key_path` is that of the list; messages about a rule begin with "<key_path>:rule".
void check_rules(const yaml::Value& value, RuleScope scope, const KeyPath& key_path,
                 Report& report);
void check_workflow(const yaml::Value& value, Report& report);
/// `workflow:auto_cancel`, also in a rule of `workflow:rules`.
void check_auto_cancel(const yaml::Value& value, const KeyPath& key_path, Report& report);
/// `only` and `except`.
void check_only_except(const yaml::Value& value, const KeyPath& key_path, Report& report);

struct NeedsContext {
    bool bridge = false;
    bool enterprise = true;
    bool rule = false;  ///< the needs are those of a rule
};
void check_needs(const yaml::Value& value, const NeedsContext& context, const KeyPath& key_path,
                 Report& report);

}  // namespace runner::pipeline::keywords
