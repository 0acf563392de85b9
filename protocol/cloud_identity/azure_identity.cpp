#include "protocol/cloud_identity/azure_identity.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/strings.hpp"

namespace protocol::cloud_identity {

using base::Result;
using base::Task;

namespace {

class AzureIdentity final : public TokenSource {
  public:
    AzureIdentity(Surroundings surroundings, std::string resource)
        : surroundings_(std::move(surroundings)), resource_(std::move(resource)) {}

    Task<Result<ExpiringToken>> fetch() override {
        const bool client = has("AZURE_CLIENT_ID") && has("AZURE_TENANT_ID");
        std::string how = "get a token of the machine's managed identity";
        if (client && (has("AZURE_CLIENT_SECRET") || has("AZURE_FEDERATED_TOKEN_FILE")))
            how = "get a token for the client of AZURE_CLIENT_ID";
        auto fetching = client && has("AZURE_CLIENT_SECRET")                 ? by_secret()
                        : client && has("AZURE_FEDERATED_TOKEN_FILE")        ? by_federation()
                        : has("IDENTITY_ENDPOINT") && has("IDENTITY_HEADER") ? by_service()
                                                                             : by_machine();
        auto token = co_await std::move(fetching);
        if (!token) co_return token.error().with_context(how);
        co_return std::move(token);
    }

  private:
    [[nodiscard]] std::string variable(const char* name) const {
        return surroundings_.variable(name);
    }
    [[nodiscard]] bool has(const char* name) const { return !variable(name).empty(); }
    [[nodiscard]] std::string token_address() const {
        std::string host = variable("AZURE_AUTHORITY_HOST");
        if (host.empty()) host = "https://login.microsoftonline.com";
        while (host.ends_with('/')) host.pop_back();
        return host + "/" + base::percent_encode(variable("AZURE_TENANT_ID")) +
               "/oauth2/v2.0/token";
    }
    [[nodiscard]] object_storage::Fields form() const {
        return {{"grant_type", "client_credentials"},
                {"client_id", variable("AZURE_CLIENT_ID")},
                {"scope", resource_ + "/.default"}};
    }
    Task<Result<ExpiringToken>> by_secret() {
        object_storage::Fields fields = form();
        fields.emplace_back("client_secret", variable("AZURE_CLIENT_SECRET"));
        auto posting = post_for_token(surroundings_.send, token_address(), std::move(fields));
        auto token = co_await std::move(posting);
        co_return std::move(token);
    }
    Task<Result<ExpiringToken>> by_federation() {
        const auto assertion =
            base::read_small_file(variable("AZURE_FEDERATED_TOKEN_FILE"), kMostTokenBytes);
        if (!assertion) co_return assertion.error().with_context("AZURE_FEDERATED_TOKEN_FILE");
        object_storage::Fields fields = form();
        fields.emplace_back("client_assertion_type",
                            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        fields.emplace_back("client_assertion", std::string(base::trim(*assertion)));
        auto posting = post_for_token(surroundings_.send, token_address(), std::move(fields));
        auto token = co_await std::move(posting);
        co_return std::move(token);
    }
    /// The query of a metadata service.
    [[nodiscard]] std::string asking(const char* version) const {
        object_storage::Fields query{{"api-version", version}, {"resource", resource_}};
        if (has("AZURE_CLIENT_ID")) query.emplace_back("client_id", variable("AZURE_CLIENT_ID"));
        return "?" + object_storage::encode_query(query);
    }
    Task<Result<ExpiringToken>> by_service() {
        http::Headers headers;
        headers.set("X-IDENTITY-HEADER", variable("IDENTITY_HEADER"));
        std::string url = variable("IDENTITY_ENDPOINT") + asking("2019-08-01");
        auto getting = get_local_token(surroundings_.send, std::move(url), std::move(headers));
        auto token = co_await std::move(getting);
        co_return std::move(token);
    }
    Task<Result<ExpiringToken>> by_machine() {
        std::string host = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
        if (host.empty()) host = "http://169.254.169.254";
        while (host.ends_with('/')) host.pop_back();
        http::Headers headers;
        headers.set("Metadata", "true");
        std::string url = host + "/metadata/identity/oauth2/token" + asking("2018-02-01");
        auto getting = get_local_token(surroundings_.send, std::move(url), std::move(headers));
        auto token = co_await std::move(getting);
        co_return std::move(token);
    }

    Surroundings surroundings_;
    std::string resource_;
};

}  // namespace

std::unique_ptr<TokenSource> make_azure_identity(Surroundings surroundings, std::string resource) {
    return std::make_unique<AzureIdentity>(std::move(surroundings), std::move(resource));
}

}  // namespace protocol::cloud_identity
