#include "protocol/cloud_identity/azure_delegation.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/clock.hpp"
#include "protocol/object_storage/error_body.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;
using object_storage::AzureDelegation;

namespace {

constexpr std::int64_t kKeySeconds = 24LL * 3600;
constexpr std::int64_t kClockSkewSeconds = 3600;  ///< as that of the signatures
/// A signature does not count longer than its key.
constexpr std::int64_t kLeastSeconds = 3600;

class Delegation final : public DelegationSource {
  public:
    Delegation(Sender send, std::string address, std::shared_ptr<Renewed<base::Secret>> identity)
        : send_(std::move(send)), address_(std::move(address)), identity_(std::move(identity)) {}

    Task<Result<Expiring<AzureDelegation>>> fetch() override {
        auto getting = identity_->get();
        auto token = co_await std::move(getting);
        if (!token) co_return token.error();
        auto asking = send_(call_with(*token));
        auto answer = co_await std::move(asking);
        if (!answer) co_return explained(answer.error());
        co_return azure_delegation_in(answer->body);
    }

  private:
    [[nodiscard]] WebCall call_with(const base::Secret& token) const {
        const std::int64_t now = base::unix_micros_now() / 1'000'000;
        WebCall call;
        call.url = address_ + "/?restype=service&comp=userdelegationkey";
        call.request.method = "POST";
        call.request.headers.set("Authorization", "Bearer " + token.reveal());
        call.request.headers.set("x-ms-version", std::string(object_storage::kAzureVersion));
        call.request.headers.set("Content-Type", "application/xml");
        call.request.body = fmt::format(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
            "<KeyInfo><Start>{}</Start><Expiry>{}</Expiry></KeyInfo>",
            base::rfc3339_utc(now - kClockSkewSeconds), base::rfc3339_utc(now + kKeySeconds));
        return call;
    }
    static base::Error explained(const base::Error& error) {
        base::Error why = error.with_context("get a key to sign addresses of blobs");
        if (why.is(ErrorKind::kForbidden)) {
            why.message +=
                "; give the identity the role \"Storage Blob Data Contributor\" for the account, "
                "or set AccountKey";
        }
        return why;
    }

    Sender send_;
    std::string address_;
    std::shared_ptr<Renewed<base::Secret>> identity_;
};

}  // namespace

Result<Expiring<AzureDelegation>> azure_delegation_in(const std::string& document) {
    const auto text = [&](const char* name) { return object_storage::xml_text(document, name); };
    Expiring<AzureDelegation> found;
    found.value = {text("SignedOid"),          text("SignedTid"),     text("SignedStart"),
                   text("SignedExpiry"),       text("SignedService"), text("SignedVersion"),
                   base::Secret(text("Value"))};
    const auto end = base::parse_rfc3339(found.value.end);
    if (found.value.key.empty() || !end)
        return base::make_error(ErrorKind::kProtocol, "the answer of Azure has no key");
    found.end = *end - kLeastSeconds;
    return found;
}

std::unique_ptr<DelegationSource> make_azure_delegation(
    Sender send, std::string address, std::shared_ptr<Renewed<base::Secret>> identity) {
    return std::make_unique<Delegation>(std::move(send), std::move(address), std::move(identity));
}

}  // namespace protocol::cloud_identity
