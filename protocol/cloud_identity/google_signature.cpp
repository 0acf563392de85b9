#include "protocol/cloud_identity/google_signature.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/strings.hpp"
#include "protocol/cloud_identity/google_identity.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostIdentityBytes = 256U << 10U;
constexpr std::string_view kTokenCall = ":generateAccessToken";
constexpr std::string_view kSignCall = ":signBlob";

Result<GoogleAccount> account_in_file(const std::string& file) {
    const auto text = base::read_small_file(file, kMostIdentityBytes);
    if (!text) return text.error();
    const std::string url =
        base::text_at(base::parse_foreign_json(*text), "service_account_impersonation_url");
    const auto name = url.rfind('/');
    if (name == std::string::npos || !url.ends_with(kTokenCall)) {
        return base::invalid_input(
            file +
            " is an identity without a service account, which cannot sign addresses: use the key "
            "of a service account, or name one to impersonate "
            "(service_account_impersonation_url)");
    }
    const std::string account = url.substr(0, url.size() - kTokenCall.size());
    return GoogleAccount{base::percent_decode(account.substr(name + 1)),
                         account + std::string(kSignCall)};
}

std::string iam_address(const Variables& variable, const std::string& universe) {
    std::string set = variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS");
    while (set.ends_with('/')) set.pop_back();
    return set.empty() ? "https://iamcredentials." + universe : set;
}

}  // namespace

Task<Result<GoogleAccount>> google_account(Surroundings surroundings, std::string file,
                                           std::string universe) {
    if (!file.empty()) co_return account_in_file(file);
    WebCall call;
    call.url = google_metadata_address(surroundings.variable) + "email";
    call.request.headers.set("Metadata-Flavor", "Google");
    call.local = true;
    auto asking = surroundings.send(std::move(call));
    auto answer = co_await std::move(asking);
    if (!answer) co_return answer.error().with_context("ask for the machine's service account");
    const std::string address(base::trim(answer->body));
    if (address.find('@') == std::string::npos)
        co_return base::make_error(ErrorKind::kProtocol, "the machine has no service account");
    co_return GoogleAccount{address, iam_address(surroundings.variable, universe) +
                                         "/v1/projects/-/serviceAccounts/" +
                                         base::percent_encode(address) + std::string(kSignCall)};
}

Task<Result<std::string>> sign_by_google(Sender send, GoogleAccount account, base::Secret token,
                                         std::string text) {
    WebCall call;
    call.url = account.sign_url;
    call.request.method = "POST";
    call.request.headers.set("Authorization", "Bearer " + token.reveal());
    call.request.headers.set("Content-Type", "application/json");
    call.request.body = base::dump_json(Json{{"payload", base::base64_encode(text)}});
    auto sending = send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) {
        base::Error why = answer.error().with_context("sign an address as " + account.address);
        if (why.is(ErrorKind::kForbidden)) {
            why.message +=
                "; give the account the role \"Service Account Token Creator\" for itself, or use "
                "the key of a service account";
        }
        co_return why;
    }
    const auto signature =
        base::base64_decode(base::text_at(base::parse_foreign_json(answer->body), "signedBlob"));
    if (!signature || signature->empty())
        co_return base::make_error(ErrorKind::kProtocol, "the answer of Google has no signature");
    co_return *signature;
}

}  // namespace protocol::cloud_identity
