#include "runner/cache/object_cache.hpp"

#include <algorithm>
#include <utility>

#include "base/parse.hpp"
#include "runner/cache/download.hpp"
#include "runner/cache/parted_upload.hpp"

namespace runner::cache {

namespace http = protocol::http;
using base::Result;
using base::Task;

namespace {

StoredObject described(const http::Response& answer) {
    StoredObject object;
    object.etag = std::string(answer.headers.get("ETag"));
    object.bytes = base::parse_number<std::uint64_t>(answer.headers.get("Content-Length"));
    return object;
}

}  // namespace

TransferSizes transfer_sizes(std::int64_t chunk_bytes, std::int64_t concurrency) {
    constexpr std::int64_t kSmallest = 5LL << 20U;  // S3 takes no smaller part but the last
    constexpr std::int64_t kLargest = 1LL << 30U;
    constexpr std::int64_t kMostAtOnce = 16;
    TransferSizes sizes;
    if (chunk_bytes > 0)
        sizes.part_bytes = static_cast<std::uint64_t>(std::clamp(chunk_bytes, kSmallest, kLargest));
    if (concurrency > 0) sizes.at_once = static_cast<unsigned>(std::min(concurrency, kMostAtOnce));
    return sizes;
}

std::string ObjectCache::address(const std::string& object) const {
    return protocol::object_storage::shown_address(calls_.provider().request(object));
}

Task<Result<StoredObject>> ObjectCache::look(std::string object) {
    Call call;
    call.request = calls_.provider().request(object);
    call.request.method = "HEAD";
    call.object = object;
    auto sending = calls_.send(std::move(call));
    auto answer = co_await std::move(sending);
    if (answer) co_return described(*answer);
    const bool refused = answer.error().is(base::ErrorKind::kForbidden) ||
                         answer.error().is(base::ErrorKind::kProtocol);
    if (!refused) co_return answer.error();
    auto asking = reason_of(std::move(object), answer.error());
    auto reason = co_await std::move(asking);
    co_return std::move(reason);
}

/// The answer to HEAD has no text; that to GET says why it is refused.
Task<base::Error> ObjectCache::reason_of(std::string object, base::Error refused) {
    Call call;
    call.request = calls_.provider().request(object);
    call.request.headers.emplace_back("range", "bytes=0-0");
    call.object = std::move(object);
    auto opening = calls_.open(std::move(call));
    auto answer = co_await std::move(opening);
    co_return answer ? std::move(refused) : answer.error();
}

Task<Result<http::BodySource>> ObjectCache::fetch(std::string object, StoredObject found) {
    const auto download =
        std::make_shared<Download>(calls_, std::move(object), std::move(found), sizes_);
    auto opening = download->open();
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    const http::BodySource source = [download] { return download->next(); };
    co_return source;
}

Task<Result<StoredObject>> ObjectCache::store(std::string object, Archive archive) {
    return archive.bytes > sizes_.parts_from() ? store_in_parts(std::move(object), archive)
                                               : store_whole(std::move(object), archive);
}

Task<Result<StoredObject>> ObjectCache::store_in_parts(std::string object, Archive archive) {
    PartedUpload upload(calls_, std::move(object), std::move(archive), sizes_);
    auto sending = upload.run();
    auto stored = co_await std::move(sending);
    co_return std::move(stored);
}

Task<Result<StoredObject>> ObjectCache::store_whole(std::string object, Archive archive) {
    Call call;
    call.request = calls_.provider().request(object);
    call.request.method = "PUT";
    for (auto& header : calls_.provider().object_headers(archive.key, Sending::kWhole))
        call.request.headers.push_back(std::move(header));
    call.purpose = Purpose::kUpload;
    call.object = std::move(object);
    const std::uint64_t bytes = archive.bytes;
    const auto open = archive.open;
    call.content = [open, bytes] { return open(0, bytes); };
    call.content_bytes = bytes;
    auto sending = calls_.send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    StoredObject stored = described(*answer);
    stored.bytes = bytes;
    co_return stored;
}

/// The headers of a link are those that are signed for; none of them comes from the credentials.
Task<Result<ObjectLink>> ObjectCache::link(std::string object, LinkPurpose purpose,
                                           std::string key) {
    ObjectLink link;
    Call call;
    call.request = calls_.provider().request(object);
    call.request.headers.clear();
    call.object = std::move(object);
    if (purpose == LinkPurpose::kWrite) {
        link.headers = calls_.provider().object_headers(key, Sending::kWhole);
        call.request.method = "PUT";
        call.request.headers = link.headers;
        call.purpose = Purpose::kUpload;
    }
    auto signing = calls_.sign_url(std::move(call));
    auto url = co_await std::move(signing);
    if (!url) co_return url.error();
    link.url = std::move(url->text);
    co_return std::move(link);
}

}  // namespace runner::cache
