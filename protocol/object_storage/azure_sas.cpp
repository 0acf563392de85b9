#include "protocol/object_storage/azure_sas.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "protocol/object_storage/crypto.hpp"

namespace protocol::object_storage {

base::Result<Request> sign_azure(Request request, const AzureKey& key, const AzureBlob& blob,
                                 const Validity& validity) {
    constexpr std::int64_t kClockSkewSeconds = 3600;
    const auto secret = base::base64_decode(key.key.reveal());
    if (!secret || secret->empty()) return base::invalid_input("the account's key is not base64");
    const std::string begin = base::rfc3339_utc(validity.unix_seconds - kClockSkewSeconds);
    const std::string end = base::rfc3339_utc(validity.unix_seconds + validity.lifetime.count());
    const std::string protocol = blob.https_only ? "https" : "";
    const std::string version(kAzureVersion);
    const std::string resource =
        fmt::format("/blob/{}/{}/{}", key.account, blob.container, blob.name);
    const std::string text =
        base::join({blob.permissions, begin, end, resource, "", "", protocol, version, "b",
                    // snapshot, encryption scope, and five headers of the answer
                    "", "", "", "", "", "", ""},
                   "\n");
    const auto add = [&](std::string name, std::string value) {
        request.query.emplace_back(std::move(name), std::move(value));
    };
    add("sv", version);
    add("sr", "b");
    add("sp", blob.permissions);
    add("st", begin);
    add("se", end);
    if (blob.https_only) add("spr", protocol);
    add("sig", base::base64_encode(hmac_sha256(*secret, text)));
    return request;
}

}  // namespace protocol::object_storage
