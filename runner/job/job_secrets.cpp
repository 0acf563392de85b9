#include "runner/job/job_secrets.hpp"

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/strings.hpp"

namespace runner::job {

namespace {

using nlohmann::json;

void add_password(std::vector<std::string>& secrets, const std::string& password) {
    if (password.size() >= kMinPasswordBytes) secrets.push_back(password);
}

void add_login(std::vector<std::string>& secrets, const std::string& user,
               const std::string& password) {
    if (password.empty()) return;
    add_password(secrets, password);
    secrets.push_back(base::base64_encode(user + ":" + password));
}

void add_entry(std::vector<std::string>& secrets, const json& entry) {
    if (!entry.is_object()) return;
    add_login(secrets, base::text_at(entry, "username"), base::text_at(entry, "password"));
    add_password(secrets, base::text_at(entry, "identitytoken"));
    const std::string packed = base::text_at(entry, "auth");
    if (packed.empty()) return;
    secrets.push_back(packed);
    const auto plain = base::base64_decode(packed);
    const auto colon = plain ? plain->find(':') : std::string::npos;
    if (colon == std::string::npos) return;
    add_login(secrets, plain->substr(0, colon), plain->substr(colon + 1));
}

void add_docker_config(std::vector<std::string>& secrets, const std::string& text) {
    const json config = base::parse_foreign_json(text);
    if (!config.is_object()) return;  // the executor names this problem
    const auto table = config.find("auths");
    const json& entries = table != config.end() ? *table : config;
    for (const auto& entry : entries) add_entry(secrets, entry);
}

/// The texts in a sensitive input. Expressions do not let it out; the log hides it all the same.
void add_input(std::vector<std::string>& secrets, const protocol::gitlab::JobInput& input) {
    const json value = base::parse_foreign_json(input.json);
    if (value.is_discarded()) return;  // the expansion of inputs names this problem
    const json leaves = value.flatten();
    for (const auto& leaf : leaves.items()) {
        if (leaf.value().is_string()) add_password(secrets, leaf.value().get<std::string>());
    }
}

}  // namespace

std::vector<std::string> job_secrets(const protocol::gitlab::JobPayload& payload,
                                     const script::Variables& variables,
                                     const config::RunnerConfig& runner) {
    std::vector<std::string> secrets = variables.masked_values();
    // The job's token opens its repository: it is never shown, whatever the server calls it.
    secrets.push_back(payload.token.reveal());
    for (const auto& credential : payload.credentials)
        add_login(secrets, credential.username, credential.password.reveal());
    for (const auto& input : payload.inputs) {
        if (input.sensitive) add_input(secrets, input);
    }
    for (const auto& registry : runner.registries) {
        if (registry.password_file.empty()) continue;
        const auto password = base::read_file(registry.password_file);
        if (password) add_login(secrets, registry.username, std::string(base::trim(*password)));
    }
    add_docker_config(secrets, variables.content("DOCKER_AUTH_CONFIG"));
    return secrets;
}

}  // namespace runner::job
