#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/notifier.hpp"
#include "protocol/gitlab/client.hpp"

namespace tests {

/// The runner API without a server: a test says what it answers, and looks at what it was asked.
class FakeJobsApi final : public protocol::gitlab::JobsApi {
  public:
    explicit FakeJobsApi(const boost::asio::any_io_executor& executor) : released_(executor) {
        update_result.outcome = protocol::gitlab::UpdateOutcome::kOk;
        patch_result.outcome = protocol::gitlab::PatchOutcome::kOk;
    }

    /// Answers to requests for jobs, in order; then there is no job.
    std::deque<protocol::gitlab::JobRequestAnswer> answers;
    /// Requests for jobs do not end before release().
    bool hold_requests = false;
    /// Updates are not answered before release().
    bool hold_updates = false;
    protocol::gitlab::UpdateResult update_result;
    protocol::gitlab::PatchResult patch_result;
    /// Patches that do not begin behind `trace` are answered with its size, as GitLab does.
    bool checks_offsets = false;
    /// Is called at the begin of each request for a job.
    std::function<void()> on_request;

    /// Is called at the begin of each update; it may throw.
    std::function<void(const protocol::gitlab::JobUpdate&)> on_update;

    /// The log that the server has.
    std::string trace;

    int requests = 0;
    bool may_be_held = false;  ///< of the last request for a job
    std::vector<protocol::gitlab::JobUpdate> updates;

    void release() {
        hold_requests = false;
        hold_updates = false;
        released_.notify_all();
    }

    base::Task<protocol::gitlab::JobRequestAnswer> request_job(
        protocol::gitlab::JobRequest request) override {
        ++requests;
        may_be_held = request.may_be_held;
        if (on_request) on_request();
        while (hold_requests) {
            co_await released_.wait();
        }
        protocol::gitlab::JobRequestAnswer answer;
        answer.outcome = protocol::gitlab::JobRequestOutcome::kNone;
        if (!answers.empty()) {
            answer = std::move(answers.front());
            answers.pop_front();
        }
        co_return std::move(answer);
    }
    base::Task<protocol::gitlab::UpdateResult> update_job(
        protocol::gitlab::JobCredentials, protocol::gitlab::JobUpdate update) override {
        if (on_update) on_update(update);
        updates.push_back(std::move(update));
        while (hold_updates) {
            co_await released_.wait();
        }
        co_return update_result;
    }
    base::Task<protocol::gitlab::PatchResult> patch_trace(protocol::gitlab::JobCredentials,
                                                          protocol::gitlab::TraceContent content,
                                                          std::uint64_t offset, bool) override {
        protocol::gitlab::PatchResult result = patch_result;
        result.offset = offset;
        if (checks_offsets && offset != trace.size()) {
            result.outcome = protocol::gitlab::PatchOutcome::kRangeMismatch;
            result.offset = trace.size();
            co_return std::move(result);
        }
        const std::string text = text_of(content);
        trace += text;
        result.offset += text.size();
        co_return std::move(result);
    }
    base::Task<base::Result<void>> upload_artifact(protocol::gitlab::JobCredentials,
                                                   protocol::gitlab::ArtifactUpload) override {
        co_return base::Result<void>();
    }
    base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> download_artifact(
        protocol::gitlab::JobCredentials, protocol::gitlab::ArtifactDownload) override {
        co_return base::make_error(base::ErrorKind::kNotFound, "404 Not Found");
    }

  private:
    static std::string text_of(const protocol::gitlab::TraceContent& content) {
        if (const auto* text = std::get_if<std::string>(&content)) return *text;
        auto part = std::get<base::FilePart>(content);
        std::string text(part.bytes, '\0');
        auto read = base::read_front(part, text);
        return read ? std::string(*read) : std::string();
    }

    base::Notifier released_;
};

}  // namespace tests
