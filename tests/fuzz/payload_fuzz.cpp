// Answers of the GitLab server: jobs, tokens, errors. In the corpus, tokens are called "SECRET"; no
// error message may contain this word.

#include <string>

#include "protocol/gitlab/payload.hpp"
#include "protocol/gitlab/responses.hpp"
#include "tests/fuzz/require.hpp"

using namespace protocol::gitlab;
using tests::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    protocol::http::Response answer;
    answer.body = tests::fuzz::as_text(data, size);
    const auto identity = decode_identity(answer.body);
    const auto payload = decode_payload(answer.body);
    if (payload) {
        require(identity.has_value(), "a job that was understood has an identity");
        require(identity->id == payload->id, "both read the same id");
        require(payload->timeout_seconds > 0, "a job has a time limit");
    } else {
        require(payload.error().message.find("SECRET") == std::string::npos,
                "an error message contains no secret");
    }
    answer.headers.set("Content-Type", "application/json");
    for (const unsigned status : {200U, 201U, 202U, 204U, 403U, 416U, 503U}) {
        answer.status = status;
        read_job_request(answer);
        read_update(answer);
        read_patch(answer, size);
        describe(answer);
    }
    answer.status = 201;
    if (const auto token = read_token(answer); !token) {
        require(token.error().message.find("SECRET") == std::string::npos,
                "an error message contains no secret");
    }
    answer.headers.set("Content-Type", "application/xml");
    reason_in(answer);
    return 0;
}
