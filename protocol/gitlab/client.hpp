#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/file_part.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "protocol/gitlab/responses.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "protocol/http/client.hpp"

namespace protocol::gitlab {

class ApiCaller;

/// One finished call, after its last attempt; for metrics and the debug log.
struct CallRecord {
    std::string_view endpoint;  ///< metric label: request_job, update_job, patch_trace, …
    std::string_view method;
    unsigned status = 0;  ///< 0: no answer
    std::chrono::nanoseconds duration{};
    unsigned attempts = 1;
    bool retriable_seen = false;
};

struct ClientOptions {
    /// `url` of config.toml; a trailing "/", the old "/ci" and a relative root are accepted.
    std::string url;
    http::TlsSettings tls;
    std::chrono::seconds connection_max_age{900};  ///< ≤ 0: no limit
    /// Called on the I/O thread after each call. May be empty.
    std::function<void(const CallRecord&)> on_request;
};

/// Body of POST /runners (legacy registration token) and POST /user/runners.
struct RunnerDescription {
    std::string description;
    std::string maintenance_note;
    std::string tag_list;  ///< comma separated
    bool run_untagged = true;
    bool locked = true;
    std::string access_level;
    std::int64_t maximum_timeout = 0;
    bool paused = false;
};

/// The instance, group or project that POST /user/runners makes a runner for.
struct RunnerScope {
    std::string runner_type;  ///< instance_type, group_type, project_type
    std::int64_t group_id = 0;
    std::int64_t project_id = 0;
};

/// How the server reaches the session of a job (runner-protocol.md §3.4).
struct SessionInfo {
    std::string url;
    std::string certificate;  ///< PEM
    base::Secret authorization;
};

struct JobRequest {
    base::Secret token;
    std::string system_id;
    RunnerInfo info;
    std::optional<SessionInfo> session = std::nullopt;
    /// The server may hold the request until there is a job (long polling).
    bool may_be_held = true;
};

/// A piece of a job's log: text, or a range of a file.
using TraceContent = std::variant<std::string, base::FilePart>;

struct JobCredentials {
    std::int64_t id = 0;
    base::Secret token;
};

enum class JobState { kRunning, kSuccess, kFailed };
std::string_view to_string(JobState state);

struct JobUpdate {
    JobState state = JobState::kRunning;
    std::string failure_reason;  ///< with kFailed only; one that the server knows
    std::int64_t exit_code = 0;  ///< left out when 0
    std::string checksum;        ///< "crc32:%08x" of the log, "" while there is none
    std::uint64_t bytesize = 0;
    RunnerInfo info;
};

struct ArtifactUpload {
    std::string file_name;        ///< the name that the server shows: artifacts.zip
    std::string artifact_format;  ///< zip, gzip, raw, …
    std::string artifact_type;    ///< archive, junit, …
    std::string expire_in;        ///< "" for the server's default
    /// Called for each try; opens the content at its beginning.
    std::function<base::Result<http::BodySource>()> open;
    /// Called before each further try, for the job's log. May be empty.
    std::function<void(const base::Error& why, std::chrono::milliseconds wait)> on_retry;
};

/// How an archive of an earlier job is fetched.
struct ArtifactDownload {
    bool direct = false;  ///< the server may redirect to its object storage
    /// Called before a download that was cut goes on, with the bytes that are here. May be empty.
    std::function<void(const base::Error& why, std::uint64_t offset)> on_resume;
};

/// The calls of the runner API that requests for jobs and running jobs need. Client is the real
/// one.
///
/// Life, strand, stop and failures: those of Client.
class JobsApi {
  public:
    virtual ~JobsApi() = default;

    virtual base::Task<JobRequestAnswer> request_job(JobRequest request) = 0;
    virtual base::Task<UpdateResult> update_job(JobCredentials job, JobUpdate update) = 0;
    /// `content` is at most 1 MiB and starts at `offset` of the log.
    virtual base::Task<PatchResult> patch_trace(JobCredentials job, TraceContent content,
                                                std::uint64_t offset, bool debug_trace) = 0;
    /// Tries as often as runner-protocol.md §2.10 says, and follows 307 and 308 in each try.
    /// kForbidden and kInvalidInput (too large) are final.
    virtual base::Task<base::Result<void>> upload_artifact(JobCredentials job,
                                                           ArtifactUpload upload) = 0;
    /// One try; a body that is cut goes on where it ended if the server can do that
    /// (http::ResumedResponse). `job` is a dependency: its id and the token that came with it.
    /// kUnauthorized, kForbidden and kNotFound are final; after another failure, also one in the
    /// middle of the body, the caller may try again.
    virtual base::Task<base::Result<std::unique_ptr<http::StreamingResponse>>> download_artifact(
        JobCredentials job, ArtifactDownload download) = 0;
};

/// Speaks the runner API of one server.
///
/// Life: one per [[runners]] entry, because it keeps the queue key of the server
/// (X-GitLab-Last-Update), which belongs to one token. Jobs share it; it outlives their calls.
/// Strand: the I/O thread; calls may overlap. Calls are repeated as runner-protocol.md §1.4 says.
/// Stop: cancel the awaiting coroutine (base::run_stoppable); a wait for the next attempt ends at
/// once. Failures: those of http::Client, and status_error() for a status that the call does not
/// expect. No token, and no address with credentials, appears in an error or in the log.
class Client final : public JobsApi {
  public:
    ~Client() override;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// POST /runners with a registration token. kForbidden: unknown token.
    base::Task<base::Result<TokenAnswer>> register_runner(base::Secret registration_token,
                                                          RunnerDescription description,
                                                          RunnerInfo info);
    /// POST /user/runners with a personal access token.
    base::Task<base::Result<TokenAnswer>> create_runner(base::Secret access_token,
                                                        RunnerScope scope,
                                                        RunnerDescription description);
    /// POST /runners/verify. Only kForbidden means that the runner is gone. The id is 0 when the
    /// server does not send it.
    base::Task<base::Result<TokenAnswer>> verify(base::Secret token, std::string system_id,
                                                 RunnerInfo info);
    /// DELETE /runners: the runner and all its managers.
    base::Task<base::Result<void>> unregister(base::Secret token);
    /// DELETE /runners/managers: this machine only.
    base::Task<base::Result<void>> unregister_manager(base::Secret token, std::string system_id);
    /// POST /runners/reset_authentication_token with the token that is being replaced.
    base::Task<base::Result<TokenAnswer>> reset_token(base::Secret token);
    /// POST /runners/:id/reset_authentication_token with a personal access token.
    base::Task<base::Result<TokenAnswer>> reset_token_of(std::int64_t runner_id,
                                                         base::Secret access_token);

    base::Task<JobRequestAnswer> request_job(JobRequest request) override;
    base::Task<UpdateResult> update_job(JobCredentials job, JobUpdate update) override;
    base::Task<PatchResult> patch_trace(JobCredentials job, TraceContent content,
                                        std::uint64_t offset, bool debug_trace) override;
    base::Task<base::Result<void>> upload_artifact(JobCredentials job,
                                                   ArtifactUpload upload) override;
    base::Task<base::Result<std::unique_ptr<http::StreamingResponse>>> download_artifact(
        JobCredentials job, ArtifactDownload download) override;

    /// "https://host/root/api/v4", for people.
    [[nodiscard]] std::string base_url() const;
    void close_idle();

  private:
    friend base::Result<std::shared_ptr<Client>> make_client(const boost::asio::any_io_executor&,
                                                             ClientOptions);
    explicit Client(std::unique_ptr<ApiCaller> caller);

    std::unique_ptr<ApiCaller> caller_;
};

/// kInvalidInput when the URL or the TLS files cannot be used: the runner is unhealthy then (pseudo
/// status −100).
base::Result<std::shared_ptr<Client>> make_client(const boost::asio::any_io_executor& executor,
                                                  ClientOptions options);

}  // namespace protocol::gitlab
