#include "executors/session/direct_stream.hpp"

#include <array>
#include <utility>

#include "executors/helper/protocol.hpp"
#include "executors/session/frames.hpp"
#include "protocol/http/rest_of_stream.hpp"

namespace executors::session {

using base::ErrorKind;

namespace {

constexpr std::size_t kLengthBytes = 4;

/// Reads until `received` has `wanted` bytes.
base::Task<base::Result<void>> fill(protocol::http::ByteStream& stream, std::string& received,
                                    std::size_t wanted) {
    std::array<char, 4096> buffer{};
    while (received.size() < wanted) {
        auto count = co_await stream.read_some(buffer);
        if (!count) co_return count.error();
        if (*count == 0) {
            co_return base::make_error(ErrorKind::kUnavailable,
                                       "the job's supervisor hung up without an answer");
        }
        received.append(buffer.data(), *count);
    }
    co_return base::Result<void>();
}

base::Task<base::Result<OwnedStream>> ask(OwnedStream stream, std::string frame) {
    auto written = co_await stream->write_all(frame);
    if (!written) co_return written.error();
    std::string received;
    auto filled = co_await fill(*stream, received, kLengthBytes);
    if (!filled) co_return filled.error();
    const auto prefix = helper::decode_frame_prefix(received.data());
    if (prefix.data || prefix.length > helper::kMaxRecordBytes) {
        co_return base::make_error(ErrorKind::kProtocol,
                                   "the job's supervisor did not answer with a frame");
    }
    const std::size_t size = kLengthBytes + prefix.length;
    auto whole = co_await fill(*stream, received, size);
    if (!whole) co_return whole.error();
    const auto answer = parse_file_answer(received.substr(kLengthBytes, prefix.length));
    if (!answer) co_return answer.error();
    OwnedStream rest = protocol::http::rest_of_stream(std::move(stream), received.substr(size));
    co_return std::move(rest);
}

}  // namespace

base::Task<base::Result<OwnedStream>> open_terminal(OwnedStream stream, TerminalCommand command) {
    return ask(std::move(stream), terminal_frame(command));
}

base::Task<base::Result<OwnedStream>> open_port(OwnedStream stream, std::string host,
                                                std::uint16_t port) {
    return ask(std::move(stream), dial_frame(host, port));
}

}  // namespace executors::session
