#include "runner/script/provenance.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::script {

using nlohmann::json;

namespace {

/// The project's page: the repository's address without credentials and ".git".
std::string project_url(const protocol::gitlab::JobPayload& payload) {
    std::string url = without_credentials(payload.git_info.repo_url);
    constexpr std::string_view kSuffix = ".git";
    if (url.ends_with(kSuffix)) url.resize(url.size() - kSuffix.size());
    return url;
}

json external_parameters(const protocol::gitlab::JobPayload& payload, const std::string& source) {
    json parameters = json::object();
    for (const auto& variable : payload.variables) parameters[variable.key] = "";
    parameters["entryPoint"] = payload.job_info.name;
    parameters["source"] = source;
    return parameters;
}

json build_definition(const ScriptContext& context, const std::string& source) {
    const auto& payload = context.payload();
    const std::string id = std::to_string(payload.id);
    return {{"buildType",
             fmt::format("https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v{}/PROVENANCE.md",
                         base::compatible_version())},
            {"externalParameters", external_parameters(payload, source)},
            {"internalParameters",
             {{"architecture", protocol::gitlab::architecture()},
              {"executor", context.runner().executor},
              {"job", id},
              {"name", context.runner().name}}},
            {"resolvedDependencies",
             json::array({{{"uri", source}, {"digest", {{"sha256", payload.git_info.sha}}}}})}};
}

json run_details(const ScriptContext& context, const std::string& source) {
    return {
        {"builder",
         {{"id", fmt::format("{}/-/runners/{}", source, context.variables().get("CI_RUNNER_ID"))},
          {"version", {{"runner", base::version()}}}}},
        {"metadata",
         {{"invocationID", std::to_string(context.payload().id)},
          {"startedOn", base::rfc3339_utc(context.settings().started_at)}}}};
}

}  // namespace

std::string provenance_template(const ScriptContext& context) {
    const std::string source = project_url(context.payload());
    return base::dump_json(json{{"_type", "https://in-toto.io/Statement/v0.1"},
                                {"predicateType", "https://slsa.dev/provenance/v1"},
                                {"predicate",
                                 {{"buildDefinition", build_definition(context, source)},
                                  {"runDetails", run_details(context, source)}}}});
}

void check_provenance_version(const ScriptContext& context, ShellWriter& writer) {
    const std::string asked = context.variables().get("SLSA_PROVENANCE_SCHEMA_VERSION");
    if (asked.empty() || asked == "v1") return;
    writer.warning("Unknown SLSA provenance version " + asked + ", defaulting to v1");
}

bool has_provenance(const ScriptContext& context, const protocol::gitlab::Artifact& artifact) {
    const bool zip = artifact.artifact_format.empty() || artifact.artifact_format == "zip";
    return zip && context.behaviour().flag("RUNNER_GENERATE_ARTIFACTS_METADATA", false);
}

}  // namespace runner::script
