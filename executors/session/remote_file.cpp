#include "executors/session/remote_file.hpp"

#include <algorithm>
#include <array>

#include "executors/helper/protocol.hpp"
#include "executors/session/frames.hpp"

namespace executors::session {

using base::ErrorKind;

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kPrefixBytes = 4;

}  // namespace

base::Task<base::Result<std::unique_ptr<RemoteFile>>> RemoteFile::open(
    std::unique_ptr<protocol::http::ByteStream> stream, std::string path, std::string user,
    std::uint64_t offset) {
    std::unique_ptr<RemoteFile> file(new RemoteFile(std::move(stream), path));
    const std::string request = read_frame(path, user, offset);
    auto written = co_await file->stream_->write_all(request);
    if (!written) co_return written.error().with_context("read " + path);
    auto answer = co_await file->take_frame();
    if (!answer) co_return answer.error().with_context("read " + path);
    const auto begin = parse_file_answer(*answer);
    if (!begin) co_return begin.error();
    if (begin->offset > offset || offset > begin->size) {
        co_return base::make_error(ErrorKind::kIo, "read " + file->path_ +
                                                       ": it does not have the bytes from " +
                                                       std::to_string(offset) + " on");
    }
    file->size_ = begin->size;
    file->left_ = begin->size - begin->offset;
    file->skip_ = offset - begin->offset;
    co_return std::move(file);
}

base::Task<base::Result<void>> RemoteFile::fill(std::size_t wanted) {
    while (buffer_.size() < wanted) {
        const std::size_t had = buffer_.size();
        buffer_.resize(std::max(wanted, had + kReadBytes));
        auto count = co_await stream_->read_some(std::span(buffer_).subspan(had));
        buffer_.resize(had + (count ? *count : 0));
        if (!count) co_return count.error();
        if (*count == 0) {
            co_return base::make_error(ErrorKind::kUnavailable,
                                       "the job's supervisor hung up before the end of " + path_);
        }
    }
    co_return base::Result<void>();
}

base::Task<base::Result<std::string>> RemoteFile::take_frame() {
    auto filled = co_await fill(kPrefixBytes);
    if (!filled) co_return filled.error();
    const auto prefix = helper::decode_frame_prefix(buffer_.data());
    if (prefix.data || prefix.length > helper::kMaxRecordBytes) {
        co_return base::make_error(ErrorKind::kProtocol,
                                   "no frame where one was expected in " + path_);
    }
    auto whole = co_await fill(kPrefixBytes + prefix.length);
    if (!whole) co_return whole.error();
    std::string text = buffer_.substr(kPrefixBytes, prefix.length);
    buffer_.erase(0, kPrefixBytes + prefix.length);
    co_return std::move(text);
}

base::Task<base::Result<std::string>> RemoteFile::next_frame() {
    auto frame = co_await take_frame();
    if (!frame) co_return frame.error();
    left_ -= std::min<std::uint64_t>(left_, kPrefixBytes + frame->size());
    co_return std::move(frame);
}

base::Task<base::Result<std::string>> RemoteFile::next() {
    while (left_ > 0) {
        auto filled = co_await fill(1);
        if (!filled) co_return filled.error();
        std::string bytes = std::move(buffer_);
        buffer_ = std::string();
        // The file may have grown; only the announced size is read.
        if (bytes.size() > left_) bytes.resize(static_cast<std::size_t>(left_));
        left_ -= bytes.size();
        const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
        skip_ -= skipped;
        bytes.erase(0, static_cast<std::size_t>(skipped));
        if (!bytes.empty()) co_return std::move(bytes);
    }
    co_return std::string();
}

}  // namespace executors::session
