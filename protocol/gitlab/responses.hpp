#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/http/message.hpp"

/// What the responses of the server mean (runner-protocol.md §2): pure functions from an HTTP
/// response, or from the error of a call without a response, to a decision.
namespace protocol::gitlab {

/// The response to register, verify, reset and create.
struct TokenAnswer {
    std::int64_t id = 0;
    base::Secret token;
    std::string token_expires_at;  ///< ISO 8601, "" for never
};

enum class JobRequestOutcome {
    kJob,        ///< `payload` is the job
    kNone,       ///< nothing to do now
    kConflict,   ///< another runner took the job: ask again as usual
    kForbidden,  ///< the token is refused: the runner is unhealthy
    kFailed,     ///< anything else; the runner stays healthy
    kCancelled,  ///< our side stopped the call
};

struct JobRequestAnswer {
    JobRequestOutcome outcome = JobRequestOutcome::kFailed;
    std::string payload;          ///< JSON text, see decode_payload
    std::string tls_ca_chain;     ///< PEM for CI_SERVER_TLS_CA_FILE, "" without TLS
    std::string correlation_id;   ///< of the request; the server's logs have it
    std::string message;          ///< for the log, of kForbidden and kFailed
    unsigned status = 0;          ///< 0: there was no answer
    bool retriable_seen = false;  ///< an attempt met an overloaded server (adaptive concurrency)
    /// With kForbidden: this client's configuration is invalid, no request was sent.
    bool unusable = false;

    [[nodiscard]] bool healthy() const { return outcome != JobRequestOutcome::kForbidden; }
};

/// What every response about a job may say besides its result.
struct JobSignals {
    bool cancel_requested = false;  ///< stop the script, then after_script and the rest as usual
    std::optional<std::chrono::seconds> update_interval;  ///< at most 15 minutes
    std::string job_status;  ///< as the server calls it, "" when it did not say
};

enum class UpdateOutcome {
    kOk,
    kAccepted,   ///< not complete yet: wait the update interval, send the same again
    kReset,      ///< the log is damaged at the server: send all of it again, then this update
    kAborted,    ///< the server does not want this job any more: stop now, no final update
    kFailed,     ///< try again later
    kCancelled,  ///< our side stopped the call
};

struct UpdateResult {
    UpdateOutcome outcome = UpdateOutcome::kFailed;
    JobSignals signals;
    std::string message;  ///< empty for kOk and kAccepted
    unsigned status = 0;
};

enum class PatchOutcome {
    kOk,
    kRangeMismatch,  ///< go on at `offset`
    kNotFound,       ///< 404: ignored while the job runs; at its end, the rest is not sent
    kTooLarge,       ///< 413: the same bytes in smaller patches
    kRefused,        ///< 400, 405, …: another try will most likely be refused as well
    kAborted,
    kFailed,  ///< try again later
    kCancelled,
};

struct PatchResult {
    PatchOutcome outcome = PatchOutcome::kFailed;
    std::uint64_t offset = 0;  ///< where the next patch starts (kOk, kRangeMismatch)
    JobSignals signals;
    std::string message;
    unsigned status = 0;
};

JobSignals read_signals(const http::Response& answer);
UpdateResult read_update(const http::Response& answer);
UpdateResult read_update(const base::Error& failure);
/// `end`: offset behind the last byte that was sent.
PatchResult read_patch(const http::Response& answer, std::uint64_t end);
PatchResult read_patch(const base::Error& failure);
/// Without `payload` and `tls_ca_chain`, which the caller fills in.
JobRequestAnswer read_job_request(const http::Response& answer);
JobRequestAnswer read_job_request(const base::Error& failure);
/// kProtocol when it is not JSON.
base::Result<TokenAnswer> read_token(const http::Response& answer);

/// The reason that the server gives: `message` or `error` of a JSON body, Code and Message of the
/// XML body of an object storage, or "".
std::string reason_in(const http::Response& answer);
/// "403 Forbidden (the reason)".
std::string describe(const http::Response& answer);
/// The error for an unexpected status: 401 kUnauthorized, 403 kForbidden, 404 kNotFound, 409
/// kConflict, 408, 429 and 5xx kUnavailable, other 4xx kInvalidInput, else kProtocol. `call` is
/// "METHOD URL".
base::Error status_error(std::string_view call, const http::Response& answer);
bool is_json(const http::Response& answer);

}  // namespace protocol::gitlab
