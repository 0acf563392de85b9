#include "protocol/object_storage/azure_sas.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "protocol/object_storage/crypto.hpp"

namespace protocol::object_storage {

namespace {

constexpr std::int64_t kClockSkewSeconds = 3600;

/// What both kinds of signatures have in common.
struct Parts {
    Parts(const std::string& account, const AzureBlob& for_blob, const Validity& validity)
        : blob(for_blob),
          begin(base::rfc3339_utc(validity.unix_seconds - kClockSkewSeconds)),
          end(base::rfc3339_utc(validity.unix_seconds + validity.lifetime.count())),
          resource(fmt::format("/blob/{}/{}/{}", account, blob.container, blob.name)),
          protocol(blob.https_only ? "https" : "") {}

    void add_to(Fields& query) const {
        query.emplace_back("sv", kAzureVersion);
        query.emplace_back("sr", "b");
        query.emplace_back("sp", blob.permissions);
        query.emplace_back("st", begin);
        query.emplace_back("se", end);
        if (!protocol.empty()) query.emplace_back("spr", protocol);
    }
    [[nodiscard]] std::vector<std::string> first_lines() const {
        return {blob.permissions, begin, end, resource};
    }
    [[nodiscard]] std::vector<std::string> last_lines() const {
        // no addresses of clients; snapshot, encryption scope, and five headers of the answer
        return {"", protocol, std::string(kAzureVersion), "b", "", "", "", "", "", "", ""};
    }

    const AzureBlob& blob;
    std::string begin;
    std::string end;
    std::string resource;
    std::string protocol;
};

std::string signature_of(const std::string& key, const Parts& parts,
                         const std::vector<std::string>& about_key) {
    std::vector<std::string> lines = parts.first_lines();
    lines.insert(lines.end(), about_key.begin(), about_key.end());
    const std::vector<std::string> last = parts.last_lines();
    lines.insert(lines.end(), last.begin(), last.end());
    return base::base64_encode(hmac_sha256(key, base::join(lines, "\n")));
}

}  // namespace

base::Result<Request> sign_azure(Request request, const AzureKey& key, const AzureBlob& blob,
                                 const Validity& validity) {
    const auto secret = base::base64_decode(key.key.reveal());
    if (!secret || secret->empty()) return base::invalid_input("the account's key is not base64");
    const Parts parts(key.account, blob, validity);
    parts.add_to(request.query);
    const std::string no_policy;
    request.query.emplace_back("sig", signature_of(*secret, parts, {no_policy}));
    return request;
}

base::Result<Request> sign_azure_delegated(Request request, const std::string& account,
                                           const AzureDelegation& delegation, const AzureBlob& blob,
                                           const Validity& validity) {
    const auto secret = base::base64_decode(delegation.key.reveal());
    if (!secret || secret->empty()) return base::invalid_input("the delegated key is not base64");
    const Parts parts(account, blob, validity);
    parts.add_to(request.query);
    const auto& key = delegation;
    request.query.emplace_back("skoid", key.object_id);
    request.query.emplace_back("sktid", key.tenant_id);
    request.query.emplace_back("skt", key.begin);
    request.query.emplace_back("ske", key.end);
    request.query.emplace_back("sks", key.service);
    request.query.emplace_back("skv", key.version);
    // Behind the key: no other users, and no number for logs.
    request.query.emplace_back(
        "sig", signature_of(*secret, parts,
                            {key.object_id, key.tenant_id, key.begin, key.end, key.service,
                             key.version, "", "", ""}));
    return request;
}

}  // namespace protocol::object_storage
