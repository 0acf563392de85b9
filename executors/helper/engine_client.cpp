#include "executors/helper/engine_client.hpp"

#include <array>
#include <cstdlib>

namespace executors::helper {

namespace {

constexpr std::size_t kMaxReply = 1U << 20U;

}  // namespace

UniqueFd connect_to_engine(const std::string& path) {
    UniqueFd socket = connect_unix(path);
    if (!socket) fail_errno("connect to " + path);
    return socket;
}

EngineReply read_engine_reply(int fd) {
    std::string text;
    std::array<char, 16384> buffer;
    while (text.size() < kMaxReply) {
        const ssize_t count = read_some(fd, buffer.data(), buffer.size());
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    EngineReply reply;
    if (text.rfind("HTTP/1.", 0) == 0 && text.size() > 12)
        reply.status = std::atoi(text.c_str() + 9);
    const auto end = text.find("\r\n\r\n");
    if (end != std::string::npos) reply.body = text.substr(end + 4);
    return reply;
}

EngineReply ask_engine(const std::string& socket, const std::string& method,
                       const std::string& path, const std::string& body, const std::string& type) {
    const UniqueFd connection = connect_to_engine(socket);
    // HTTP/1.0: the answer is not chunked and ends with the connection.
    std::string request = method + " " + path + " HTTP/1.0\r\nHost: engine\r\n";
    if (!body.empty()) {
        request +=
            "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    }
    if (!write_all(connection.get(), request + "\r\n" + body)) fail_errno("ask the engine");
    return read_engine_reply(connection.get());
}

}  // namespace executors::helper
