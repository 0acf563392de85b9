#include "runner/cache/parted_upload.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/run_together.hpp"
#include "base/stop_source.hpp"
#include "protocol/object_storage/error_body.hpp"

namespace runner::cache {

namespace http = protocol::http;
namespace storage = protocol::object_storage;
using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::uint64_t kMostParts = 10'000;
constexpr std::uint64_t kMebibyte = 1ULL << 20U;
constexpr std::chrono::seconds kAbortLimit{10};
/// Blocks of an object have names of one length, whoever sends them; Azure's libraries use this.
constexpr std::size_t kBlockNameBytes = 64;
constexpr unsigned kNumberDigits = 6;

}  // namespace

std::uint64_t part_bytes_for(std::uint64_t archive_bytes, std::uint64_t wanted) {
    const std::uint64_t least = archive_bytes / kMostParts + 1;
    if (least <= wanted) return wanted;
    return (least + kMebibyte - 1) / kMebibyte * kMebibyte;
}

PartedUpload::PartedUpload(StorageCalls& calls, std::string object, Archive archive,
                           TransferSizes sizes)
    : calls_(calls),
      object_(std::move(object)),
      archive_(std::move(archive)),
      part_bytes_(part_bytes_for(archive_.bytes, sizes.part_bytes)),
      at_once_(std::max(sizes.at_once, 1U)),
      names_(static_cast<std::size_t>((archive_.bytes + part_bytes_ - 1) / part_bytes_)) {}

bool PartedUpload::has_blocks() const {
    return calls_.provider().parts_kind() == PartsKind::kBlocks;
}

Call PartedUpload::call(std::string method) const {
    Call call;
    call.request = calls_.provider().request(object_);
    call.request.method = std::move(method);
    call.purpose = Purpose::kUpload;
    call.object = object_;
    return call;
}

std::string PartedUpload::block_name(std::size_t index) const {
    return base::base64_encode(fmt::format("{}{:0{}}", id_, index, kNumberDigits));
}

Task<Result<StoredObject>> PartedUpload::run() {
    auto beginning = begin();
    auto begun = co_await std::move(beginning);
    if (!begun) co_return begun.error();
    auto sending = base::run_stoppable<StoredObject>(nullptr, send_and_finish(), std::nullopt);
    auto stored = co_await std::move(sending);
    if (stored || has_blocks()) co_return std::move(stored);
    // Who was cancelled still has to do this.
    co_await boost::asio::this_coro::reset_cancellation_state();
    auto aborting = abort_after(stored.error().message);
    co_await std::move(aborting);
    co_return std::move(stored);
}

Task<Result<void>> PartedUpload::begin() {
    if (has_blocks()) {
        // Another job may send the same object at the same time: its blocks have other names.
        id_ = base::random_hex((kBlockNameBytes - kNumberDigits) / 2);
        co_return Result<void>();
    }
    Call first = call("POST");
    first.request.query.emplace_back("uploads", "");
    for (auto& header : calls_.provider().object_headers(archive_.key, Sending::kParts))
        first.request.headers.push_back(std::move(header));
    auto sending = calls_.send(std::move(first));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    id_ = storage::xml_text(answer->body, "UploadId");
    if (id_.empty())
        co_return base::make_error(ErrorKind::kProtocol, "the storage has begun no upload");
    co_return Result<void>();
}

Task<Result<StoredObject>> PartedUpload::send_and_finish() {
    std::vector<Task<Result<void>>> senders;
    for (std::size_t i = 0; i < std::min<std::size_t>(at_once_, names_.size()); ++i)
        senders.push_back(send_rest());
    auto sending = base::run_together(std::move(senders));
    auto sent = co_await std::move(sending);
    if (!sent) co_return sent.error();
    auto finishing = finish();
    auto stored = co_await std::move(finishing);
    co_return std::move(stored);
}

/// One of several that take the parts in turn.
Task<Result<void>> PartedUpload::send_rest() {
    while (next_ < names_.size()) {
        auto sending = send_part(next_++);
        auto sent = co_await std::move(sending);
        if (!sent) co_return sent.error();
    }
    co_return Result<void>();
}

Task<Result<void>> PartedUpload::send_part(std::size_t index) {
    const std::uint64_t offset = index * part_bytes_;
    const std::uint64_t count = std::min(part_bytes_, archive_.bytes - offset);
    Call part = call("PUT");
    auto& query = part.request.query;
    if (has_blocks()) {
        names_[index] = block_name(index);
        query.emplace_back("comp", "block");
        query.emplace_back("blockid", names_[index]);
    } else {
        query.emplace_back("partNumber", std::to_string(index + 1));
        query.emplace_back("uploadId", id_);
    }
    part.content = [open = archive_.open, offset, count] { return open(offset, count); };
    part.content_bytes = count;
    auto sending = calls_.send(std::move(part));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (has_blocks()) co_return Result<void>();
    names_[index] = std::string(answer->headers.get("ETag"));
    if (names_[index].empty())
        co_return base::make_error(ErrorKind::kProtocol, "the storage names no ETag of a part");
    co_return Result<void>();
}

Call PartedUpload::last_call() const {
    if (has_blocks()) {
        Call last = call("PUT");
        last.request.query.emplace_back("comp", "blocklist");
        for (auto& header : calls_.provider().object_headers(archive_.key, Sending::kParts))
            last.request.headers.push_back(std::move(header));
        last.body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
        for (const std::string& name : names_) last.body += "<Latest>" + name + "</Latest>";
        last.body += "</BlockList>";
        return last;
    }
    Call last = call("POST");
    last.request.query.emplace_back("uploadId", id_);
    last.body = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < names_.size(); ++i) {
        last.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                                 storage::xml_escape(names_[i]));
    }
    last.body += "</CompleteMultipartUpload>";
    return last;
}

/// S3 may say 200 before it knows that it cannot put the parts together; the body then is an error.
Task<Result<StoredObject>> PartedUpload::finish() {
    for (unsigned number = 1;; ++number) {
        auto sending = calls_.send(last_call());
        auto answer = co_await std::move(sending);
        if (!answer) co_return answer.error();
        StoredObject stored{std::string(answer->headers.get("ETag")), archive_.bytes};
        if (has_blocks()) co_return stored;
        stored.etag = storage::xml_text(answer->body, "ETag");
        if (!stored.etag.empty()) co_return stored;
        const std::string said = storage::error_text(answer->body);
        auto why =
            base::make_error(ErrorKind::kUnavailable, "the storage cannot put the parts together" +
                                                          (said.empty() ? "" : ": " + said));
        auto waiting = calls_.wait_for_next(number, std::move(why));
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

Task<Result<void>> PartedUpload::abort() {
    Call last = call("DELETE");
    last.request.query.emplace_back("uploadId", id_);
    auto sending = calls_.send(std::move(last));
    auto answer = co_await std::move(sending);
    // It is gone, or it was finished by a request whose answer was lost.
    if (!answer && !answer.error().is(ErrorKind::kNotFound)) co_return answer.error();
    co_return Result<void>();
}

Task<void> PartedUpload::abort_after(std::string why) {
    auto aborting = base::with_deadline(abort(), kAbortLimit);
    auto aborted = co_await std::move(aborting);
    if (aborted) co_return;
    base::log::warning("An upload of a cache could not be aborted; its parts stay in the storage",
                       {{"object", object_}, {"why", why}, {"error", aborted.error().message}});
}

}  // namespace runner::cache
