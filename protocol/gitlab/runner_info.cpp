#include "protocol/gitlab/runner_info.hpp"

#include <sys/utsname.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/version.hpp"

namespace protocol::gitlab {

namespace {

using FeatureField = std::pair<const char*, bool Features::*>;

constexpr std::array<FeatureField, 31> kFeatures{{
    {"variables", &Features::variables},
    {"image", &Features::image},
    {"services", &Features::services},
    {"artifacts", &Features::artifacts},
    {"cache", &Features::cache},
    {"fallback_cache_keys", &Features::fallback_cache_keys},
    {"shared", &Features::shared},
    {"upload_multiple_artifacts", &Features::upload_multiple_artifacts},
    {"upload_raw_artifacts", &Features::upload_raw_artifacts},
    {"session", &Features::session},
    {"terminal", &Features::terminal},
    {"refspecs", &Features::refspecs},
    {"masking", &Features::masking},
    {"proxy", &Features::proxy},
    {"raw_variables", &Features::raw_variables},
    {"artifacts_exclude", &Features::artifacts_exclude},
    {"multi_build_steps", &Features::multi_build_steps},
    {"trace_reset", &Features::trace_reset},
    {"trace_checksum", &Features::trace_checksum},
    {"trace_size", &Features::trace_size},
    {"vault_secrets", &Features::vault_secrets},
    {"cancelable", &Features::cancelable},
    {"return_exit_code", &Features::return_exit_code},
    {"service_variables", &Features::service_variables},
    {"service_multiple_aliases", &Features::service_multiple_aliases},
    {"image_executor_opts", &Features::image_executor_opts},
    {"service_executor_opts", &Features::service_executor_opts},
    {"cancel_gracefully", &Features::cancel_gracefully},
    {"native_steps_integration", &Features::native_steps_integration},
    {"two_phase_job_commit", &Features::two_phase_job_commit},
    {"job_inputs", &Features::job_inputs},
}};

std::string value_or(const std::string& value, std::string_view otherwise) {
    return value.empty() ? std::string(otherwise) : value;
}

}  // namespace

nlohmann::json to_json(const Features& features) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [name, member] : kFeatures) out[name] = features.*member;
    return out;
}

nlohmann::json to_json(const RunnerInfo& info) {
    nlohmann::json out = nlohmann::json::object();
    out["name"] = value_or(info.name, "gitlab-runner");
    out["version"] = value_or(info.version, base::compatible_version());
    out["revision"] = value_or(info.revision, base::revision());
    out["platform"] = value_or(info.platform, "linux");
    out["architecture"] = value_or(info.architecture, architecture());
    if (!info.executor.empty()) out["executor"] = info.executor;
    if (!info.shell.empty()) out["shell"] = info.shell;
    out["features"] = to_json(info.features);
    out["config"]["gpus"] = info.gpus;
    if (!info.labels.empty()) out["labels"] = info.labels;
    return out;
}

std::string user_agent() {
    std::string text = "gitlab-runner ";
    text += base::compatible_version();
    text += " (runner-";
    text += base::version();
    text += "; ";
    text += base::revision();
    text += "; linux/" + architecture() + ")";
    return text;
}

std::string architecture() {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames{{
        {"x86_64", "amd64"},
        {"aarch64", "arm64"},
        {"i386", "386"},
        {"i686", "386"},
        {"armv7l", "arm"},
        {"armv6l", "arm"},
        {"ppc64le", "ppc64le"},
        {"s390x", "s390x"},
        {"loongarch64", "loong64"},
    }};
    utsname machine{};
    if (::uname(&machine) != 0) return "unknown";
    for (const auto& [kernel, go] : kNames) {
        if (kernel == machine.machine) return std::string(go);
    }
    return machine.machine;
}

}  // namespace protocol::gitlab
