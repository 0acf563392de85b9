#include "runner/job/artifact_download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/stop_source.hpp"
#include "runner/job/retry.hpp"
#include "runner/job/transfer_meter.hpp"

namespace runner::job {

using base::ErrorKind;
using base::Result;
using base::Task;
using protocol::http::BodySource;

namespace {

bool cannot_be_repeated(const base::Error& error) {
    return error.is(ErrorKind::kUnauthorized) || error.is(ErrorKind::kForbidden) ||
           error.is(ErrorKind::kNotFound) || error.is(ErrorKind::kCancelled) ||
           error.is(ErrorKind::kIo);
}

Task<Result<std::string>> next_piece(std::shared_ptr<BodySource> body,
                                     std::shared_ptr<bool> broken) {
    auto reading = (*body)();
    auto piece = co_await std::move(reading);
    if (!piece) *broken = true;
    co_return std::move(piece);
}

/// `body`, which sets `broken` when it fails: so a failure of the sender can be told from one of
/// the receiver.
BodySource watched(BodySource body, std::shared_ptr<bool> broken) {
    const auto shared = std::make_shared<BodySource>(std::move(body));
    return [shared, broken] { return next_piece(shared, broken); };
}

}  // namespace

/// Tries the transfer as often as the job allows. Unpacking is not repeated, because a damaged
/// archive would be damaged again.
Task<Result<void>> ArtifactDownload::fetch(const Dependency& dependency) {
    const int attempts = context_.behaviour.attempts("ARTIFACT_DOWNLOAD_ATTEMPTS");
    const bool slower = context_.variables.feature("FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY");
    for (int attempt = 0;; ++attempt) {
        auto trying = fetch_whole(dependency);
        auto done = co_await std::move(trying);
        if (done || attempt + 1 >= attempts || context_.stop.requested()) co_return std::move(done);
        if (done.error().is(ErrorKind::kTimeout)) co_return std::move(done);
        log_.error(context_.channel().transfer_words("archive").fetching + "... " +
                   done.error().message);
        log_.warning("Retrying...");
        auto waited = co_await wait_before_retry(context_, retry_pause(slower, attempt + 1));
        if (!waited) co_return waited.error();
    }
}

/// Tries a download three times, as the official runner does: the server may fail before the body
/// or in the middle of it.
Task<Result<void>> ArtifactDownload::fetch_whole(const Dependency& dependency) {
    constexpr unsigned kTries = 3;
    constexpr std::chrono::seconds kPause{1};
    bool direct = context_.variables.feature("FF_USE_DIRECT_DOWNLOAD");
    for (unsigned number = 1;; ++number) {
        bool may_retry = true;
        auto trying = fetch_once(dependency, direct, may_retry);
        auto done = co_await std::move(trying);
        const bool over =
            context_.stop.requested() || context_.deadlines.job_is_over(context_.checkpoint());
        if (done || !may_retry || number == kTries || over) co_return std::move(done);
        log_.warning(fmt::format("{}... {}; retrying in {} ms",
                                 context_.channel().transfer_words("archive").fetching,
                                 done.error().message, std::chrono::milliseconds(kPause).count()));
        // Without direct_download the server sends the file itself, not the address of a storage.
        direct = false;
        auto waited = co_await wait_before_retry(context_, kPause);
        if (!waited) co_return waited.error();
    }
}

/// The environment takes fewer when it has not so many.
unsigned ArtifactDownload::unpacking_cores() const {
    constexpr int kAll = 4096;
    const int wanted = context_.behaviour.number("FASTZIP_EXTRACTOR_CONCURRENCY", 0);
    return static_cast<unsigned>(wanted < 1 ? kAll : std::min(wanted, kAll));
}

/// `may_retry`: whether the server or the network caused the failure, and another try may help.
Task<Result<void>> ArtifactDownload::fetch_once(const Dependency& dependency, bool direct,
                                                bool& may_retry) {
    const std::string user = context_.executor().info().user;
    auto& session = scripts_.session();
    auto* const stop = &context_.stop;
    protocol::gitlab::ArtifactDownload how;
    how.direct = direct;
    how.on_resume = [this](const base::Error& why, std::uint64_t offset) {
        log_.warning(fmt::format("{}... {}; going on after {} bytes",
                                 context_.channel().transfer_words("archive").fetching, why.message,
                                 offset));
    };
    auto fetching = context_.channel().fetch_artifact(dependency, std::move(how));
    auto body = co_await base::run_stoppable(stop, std::move(fetching), context_.deadline());
    may_retry = !body && !cannot_be_repeated(body.error());
    if (!body) co_return body.error();
    auto making = session.make_directory(context_.directories->tmp, 0, user);
    auto made = co_await base::run_stoppable(stop, std::move(making), context_.deadline());
    if (!made) co_return made.error();
    const auto broken = std::make_shared<bool>(false);
    BodySource source = metered(std::move(*body), log_, "Downloading artifacts",
                                context_.behaviour.duration("TRANSFER_METER_FREQUENCY", {}));
    executors::session::FileTarget target;
    target.path = writers_.artifacts.dependency_path(dependency.id);
    target.mode = 0600;
    target.user = user;
    target.unpack = unpacking_cores();
    auto putting = session.put_file(std::move(target), watched(std::move(source), broken));
    auto put = co_await base::run_stoppable(stop, std::move(putting), context_.deadline());
    may_retry = !put && *broken && !cannot_be_repeated(put.error());
    co_return std::move(put);
}

}  // namespace runner::job
