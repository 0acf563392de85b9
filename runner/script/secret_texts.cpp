#include "runner/script/secret_texts.hpp"

#include <initializer_list>

namespace runner::script {

namespace gitlab = protocol::gitlab;

namespace {

/// AWS takes no longer name of a session.
constexpr std::size_t kLongestSessionName = 64;

class Fields {
  public:
    explicit Fields(TextExpander& texts) : texts_(texts) {}

    void operator()(std::monostate) {}
    void operator()(gitlab::GitLabSecret&) {}
    void operator()(gitlab::VaultSecret& secret) {
        auto& place = secret.place;
        expand({&secret.url, &secret.name_space, &secret.auth_name, &secret.auth_path, &secret.jwt,
                &secret.role, &place.engine, &place.engine_path, &place.path, &place.field});
    }
    void operator()(gitlab::GcpSecret& secret) {
        expand({&secret.name, &secret.version, &secret.project_number, &secret.pool_id,
                &secret.provider_id, &secret.jwt});
    }
    void operator()(gitlab::AzureSecret& secret) {
        expand({&secret.name, &secret.version, &secret.client_id, &secret.tenant_id, &secret.jwt,
                &secret.url});
    }
    void operator()(gitlab::AwsSecret& secret) {
        if (secret.session_name.empty())
            secret.session_name = "${CI_JOB_ID}-${CI_PROJECT_ID}-${CI_SERVER_HOST}";
        expand({&secret.secret_id, &secret.version_id, &secret.version_stage, &secret.field,
                &secret.region, &secret.role_arn, &secret.session_name, &secret.jwt});
        if (secret.session_name.size() > kLongestSessionName)
            secret.session_name.resize(kLongestSessionName);
    }

  private:
    void expand(std::initializer_list<std::string*> fields) {
        for (std::string* field : fields) *field = texts_.expand("secrets", *field);
    }

    TextExpander& texts_;
};

}  // namespace

void expand_secrets(std::vector<gitlab::Secret>& secrets, TextExpander& texts) {
    for (auto& secret : secrets) std::visit(Fields(texts), secret.source);
}

}  // namespace runner::script
