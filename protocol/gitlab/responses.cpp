#include "protocol/gitlab/responses.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/json.hpp"
#include "base/names.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"

namespace protocol::gitlab {

using base::ErrorKind;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestReason = 1000;

/// `message` may be a text, a list, or an object with a list of problems for each field.
std::string flatten(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    std::vector<std::string> parts;
    if (value.is_array()) {
        for (const json& entry : value) parts.push_back(flatten(entry));
    } else if (value.is_object()) {
        for (const auto& [field, problems] : value.items()) {
            parts.push_back(field + ": " + flatten(problems));
        }
    } else if (!value.is_null()) {
        parts.push_back(value.dump());
    }
    return base::join(parts, ", ");
}

std::string json_reason(const std::string& body) {
    const json parsed = base::parse_foreign_json(body);
    if (!parsed.is_object()) return {};
    for (const char* key : {"message", "error", "error_description"}) {
        const auto found = parsed.find(key);
        if (found != parsed.end() && !found->is_null()) return flatten(*found);
    }
    return {};
}

std::string xml_element(const std::string& body, const std::string& name) {
    const std::string open = "<" + name + ">";
    const auto begin = body.find(open);
    if (begin == std::string::npos) return {};
    const auto end = body.find("</" + name + ">", begin);
    if (end == std::string::npos) return {};
    return body.substr(begin + open.size(), end - begin - open.size());
}

std::string xml_reason(const std::string& body) {
    const std::string code = xml_element(body, "Code");
    const std::string message = xml_element(body, "Message");
    if (code.empty() || message.empty()) return code + message;
    return code + ": " + message;
}

bool has_type(const http::Response& answer, std::string_view type) {
    const std::string given = base::to_lower(answer.headers.get("Content-Type"));
    return base::trim(std::string_view(given).substr(0, given.find(';'))) == type;
}

/// The id goes into logs and a configuration of git: an id with other characters is dropped.
std::string plain_id(std::string_view text) {
    constexpr std::size_t kLongest = 128;
    constexpr base::NameRule kId{.also = "-"};
    const bool plain = text.size() <= kLongest && base::is_name(text, kId);
    return plain ? std::string(text) : std::string();
}

/// The common part of the results of an update and a patch: status, signals, message, and the
/// outcome kAborted when a status of `abort_statuses` or the state of the job says that the server
/// does not want the job any more.
template <typename Result>
Result read_job_answer(const http::Response& answer,
                       std::initializer_list<unsigned> abort_statuses) {
    Result result;
    result.status = answer.status;
    result.signals = read_signals(answer);
    result.message = describe(answer);
    const std::string& job_status = result.signals.job_status;
    const bool refused = std::find(abort_statuses.begin(), abort_statuses.end(), answer.status) !=
                         abort_statuses.end();
    if (refused || job_status == "canceled" || job_status == "failed") {
        result.outcome = decltype(result.outcome)::kAborted;
        if (!job_status.empty()) result.message += ", the job is " + job_status;
    }
    return result;
}

/// "0-1234": the server has this many bytes; 0 for anything else.
std::uint64_t next_offset(std::string_view range) {
    const auto dash = range.rfind('-');
    if (dash == std::string_view::npos) return 0;
    const auto count = base::parse_number<std::int64_t>(base::trim(range.substr(dash + 1)));
    return count && *count > 0 ? static_cast<std::uint64_t>(*count) : 0;
}

/// A status that another try of the same request does not change.
bool is_permanent(unsigned status) {
    for (const unsigned passing : {408U, 409U, 423U, 425U, 429U}) {
        if (status == passing) return false;
    }
    return (status >= 400 && status < 500) || status == 501 || status == 505;
}

/// The result of a call that got no response.
template <typename Result>
Result read_job_failure(const base::Error& failure) {
    using Outcome = decltype(Result::outcome);
    Result result;
    result.message = failure.message;
    if (failure.is(ErrorKind::kCancelled)) result.outcome = Outcome::kCancelled;
    if (failure.is(ErrorKind::kInvalidInput)) result.outcome = Outcome::kAborted;
    return result;
}

}  // namespace

bool is_json(const http::Response& answer) { return has_type(answer, "application/json"); }

std::string reason_in(const http::Response& answer) {
    std::string reason;
    if (has_type(answer, "application/xml") || has_type(answer, "text/xml")) {
        reason = xml_reason(answer.body);
    } else if (is_json(answer)) {
        reason = json_reason(answer.body);
    }
    std::replace_if(
        reason.begin(), reason.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    if (reason.size() > kLongestReason) {
        std::size_t end = kLongestReason;
        while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80U) --end;
        reason.resize(end);
    }
    return reason;
}

std::string describe(const http::Response& answer) {
    std::string text = std::to_string(answer.status);
    if (!answer.reason.empty()) text += " " + answer.reason;
    const std::string reason = reason_in(answer);
    if (!reason.empty()) text += " (" + reason + ")";
    return text;
}

base::Error status_error(std::string_view call, const http::Response& answer) {
    const unsigned status = answer.status;
    ErrorKind kind = ErrorKind::kProtocol;
    if (status == 401) {
        kind = ErrorKind::kUnauthorized;
    } else if (status == 403) {
        kind = ErrorKind::kForbidden;
    } else if (status == 404) {
        kind = ErrorKind::kNotFound;
    } else if (status == 409) {
        kind = ErrorKind::kConflict;
    } else if (status == 408 || status == 429 || status >= 500) {
        kind = ErrorKind::kUnavailable;
    } else if (status >= 400) {
        kind = ErrorKind::kInvalidInput;
    }
    return base::make_error(kind, std::string(call) + ": " + describe(answer));
}

JobSignals read_signals(const http::Response& answer) {
    constexpr std::int64_t kLongest = 15 * 60;
    JobSignals signals;
    signals.job_status = std::string(base::trim(answer.headers.get("Job-Status")));
    signals.cancel_requested = signals.job_status == "canceling";
    const auto interval = base::parse_number<std::int64_t>(
        base::trim(answer.headers.get("X-GitLab-Trace-Update-Interval")));
    if (interval && *interval > 0) {
        signals.update_interval = std::chrono::seconds(std::min(*interval, kLongest));
    }
    return signals;
}

UpdateResult read_update(const http::Response& answer) {
    auto result = read_job_answer<UpdateResult>(answer, {403, 404});
    if (result.outcome == UpdateOutcome::kAborted) return result;
    if (answer.status == 200 || answer.status == 202) {
        result.outcome = answer.status == 200 ? UpdateOutcome::kOk : UpdateOutcome::kAccepted;
        result.message.clear();
    } else if (answer.status == 412) {
        result.outcome = UpdateOutcome::kReset;
    }
    return result;
}

UpdateResult read_update(const base::Error& failure) {
    return read_job_failure<UpdateResult>(failure);
}

PatchResult read_patch(const http::Response& answer, std::uint64_t end) {
    auto result = read_job_answer<PatchResult>(answer, {403});
    if (result.outcome == PatchOutcome::kAborted) return result;
    if (answer.status == 202) {
        result.outcome = PatchOutcome::kOk;
        result.offset = end;
        result.message.clear();
    } else if (answer.status == 416) {
        result.outcome = PatchOutcome::kRangeMismatch;
        result.offset = next_offset(answer.headers.get("Range"));
    } else if (answer.status == 404) {
        result.outcome = PatchOutcome::kNotFound;
    } else if (answer.status == 413) {
        result.outcome = PatchOutcome::kTooLarge;
    } else if (is_permanent(answer.status)) {
        result.outcome = PatchOutcome::kRefused;
    }
    return result;
}

PatchResult read_patch(const base::Error& failure) {
    return read_job_failure<PatchResult>(failure);
}

JobRequestAnswer read_job_request(const http::Response& answer) {
    JobRequestAnswer result;
    result.status = answer.status;
    result.correlation_id = plain_id(answer.headers.get("X-Request-Id"));
    if (answer.status == 201 && is_json(answer)) {
        result.outcome = JobRequestOutcome::kJob;
    } else if (answer.status == 204) {
        result.outcome = JobRequestOutcome::kNone;
        result.held = base::iequals(answer.headers.get("Gitlab-Ci-Builds-Polling"), "yes");
    } else if (answer.status == 409) {
        result.outcome = JobRequestOutcome::kConflict;
    } else if (answer.status == 403) {
        result.outcome = JobRequestOutcome::kForbidden;
        result.message = describe(answer);
    } else {
        result.message = describe(answer);
        if (answer.status == 201) result.message += ": the answer is not JSON";
    }
    return result;
}

JobRequestAnswer read_job_request(const base::Error& failure) {
    JobRequestAnswer result;
    result.message = failure.message;
    if (failure.is(ErrorKind::kCancelled)) result.outcome = JobRequestOutcome::kCancelled;
    if (failure.is(ErrorKind::kInvalidInput)) {
        result.outcome = JobRequestOutcome::kForbidden;
        result.unusable = true;
    }
    return result;
}

base::Result<TokenAnswer> read_token(const http::Response& answer) {
    const json parsed = base::parse_foreign_json(answer.body);
    if (!is_json(answer) || !parsed.is_object()) {
        return base::make_error(ErrorKind::kProtocol,
                                "the answer is not JSON: is this the address of a GitLab?");
    }
    TokenAnswer result;
    const auto id = parsed.find("id");
    if (id != parsed.end() && id->is_number_integer()) result.id = id->get<std::int64_t>();
    const auto token = parsed.find("token");
    if (token != parsed.end() && token->is_string()) result.token = base::Secret(*token);
    const auto expires = parsed.find("token_expires_at");
    if (expires != parsed.end() && expires->is_string()) result.token_expires_at = *expires;
    return result;
}

}  // namespace protocol::gitlab
