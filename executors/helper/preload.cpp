#include "executors/helper/preload.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <vector>

#include "base/json.hpp"
#include "executors/helper/engine_client.hpp"
#include "executors/helper/engine_wait.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::int64_t kEngineLimitMs = 60'000;
/// Copies end by themselves; this limit is for a daemon that died and did not come back.
constexpr std::int64_t kWaitLimitMs = 600'000;
constexpr int kRecheckMs = 500;
constexpr std::size_t kBlock = 256 * 1024;
constexpr std::size_t kMaxName = 4096;

/// The engine answers in lines of JSON; an error is such a line, also when the status is 200.
std::string error_in(const std::string& reply) {
    for (const auto& line : split_text(reply, '\n')) {
        const auto value = base::parse_foreign_json(line);
        if (!value.is_object()) continue;
        for (const char* key : {"error", "message"}) {
            if (value.contains(key) && value[key].is_string()) return value[key].get<std::string>();
        }
    }
    return {};
}

/// As LoadOptions::content, of an image as the engine describes it.
std::string content_of(const nlohmann::json& image) {
    if (!image.contains("Created") || !image["Created"].is_string()) return {};
    std::string content = image["Created"].get<std::string>();
    const auto root = image.find("RootFS");
    if (root == image.end() || !root->is_object() || !root->contains("Layers")) return {};
    for (const auto& layer : (*root)["Layers"]) {
        if (layer.is_string()) content += "," + layer.get<std::string>();
    }
    return content;
}

bool has_image(const LoadOptions& options) {
    const auto reply = ask_engine(options.socket, "GET", "/images/" + options.image + "/json");
    const auto value = base::parse_foreign_json(reply.body);
    if (reply.status != 200 || !value.is_object()) return false;
    return value.value("Id", "") == options.id ||
           (!options.content.empty() && content_of(value) == options.content);
}

bool write_chunk(int fd, std::string_view bytes) {
    std::array<char, 24> size;
    const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return write_all(fd, {size.data(), static_cast<std::size_t>(length)}) && write_all(fd, bytes) &&
           write_all(fd, "\r\n");
}

void receive_image(const LoadOptions& options) {
    const UniqueFd socket = connect_to_engine(options.socket);
    write_all(
        socket.get(),
        "POST /images/load?quiet=1 HTTP/1.1\r\nHost: engine\r\nContent-Type: application/x-tar\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    std::vector<char> block(kBlock);
    bool listening = true;
    while (true) {
        const ssize_t count = read_some(STDIN_FILENO, block.data(), block.size());
        if (count < 0) fail_errno("read the image");
        if (count == 0) break;
        // When the engine refuses the archive it closes the connection; the reply has the reason.
        listening =
            listening && write_chunk(socket.get(), {block.data(), static_cast<std::size_t>(count)});
        if (!listening) break;
    }
    if (listening) write_all(socket.get(), "0\r\n\r\n");
    const auto reply = read_engine_reply(socket.get());
    const std::string error = error_in(reply.body);
    if (!error.empty()) throw Failure(error);
    if (reply.status != 200)
        throw Failure("the inner engine answered with status " + std::to_string(reply.status));
}

void load(const LoadOptions& options) {
    WaitEngine wait;
    wait.socket = options.socket;
    wait.timeout_ms = kEngineLimitMs;
    const auto answer = base::parse_foreign_json(wait_for_engine(wait));
    if (!answer.value("ok", false)) throw Failure("the inner engine does not answer");
    if (has_image(options)) {
        write_all(STDOUT_FILENO, "have\n");
        return;
    }
    write_all(STDOUT_FILENO, "send\n");
    receive_image(options);
    // An archive can be cut off at a place that looks like its end.
    if (!has_image(options)) throw Failure("the archive of the image was incomplete");
}

}  // namespace

int load_image(const LoadOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);
    const std::string failed = options.marks + "/failed-" + options.mark;
    const std::string pending = options.marks + "/pending-" + options.mark;
    try {
        load(options);
        ::unlink(failed.c_str());
        ::unlink(pending.c_str());
        return 0;
    } catch (const std::exception& failure) {
        const std::string text =
            "the image " + options.image +
            " could not be copied from the runner's engine: " + failure.what() + "\n";
        const UniqueFd file(::open(failed.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (file) write_all(file.get(), text);
        ::unlink(pending.c_str());
        write_all(STDERR_FILENO, text);
        return 1;
    }
}

std::vector<PendingImage> pending_images(const std::string& marks) {
    constexpr std::string_view kStart = "pending-";
    std::vector<PendingImage> pending;
    for (const std::string& file : list_directory(marks)) {
        if (file.rfind(kStart, 0) != 0) continue;
        std::string name = read_file_end(marks + "/" + file, kMaxName);
        while (!name.empty() && name.back() == '\n') name.pop_back();
        pending.push_back({file.substr(kStart.size()), name});
    }
    return pending;
}

void wait_for_images(const std::vector<PendingImage>& images, const std::string& marks) {
    const std::int64_t until = monotonic_ms() + kWaitLimitMs;
    const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (watch) ::inotify_add_watch(watch.get(), marks.c_str(), IN_DELETE);
    for (const auto& image : images) {
        const std::string pending = marks + "/pending-" + image.mark;
        while (::access(pending.c_str(), F_OK) == 0 && monotonic_ms() < until) {
            pollfd watched{watch.get(), POLLIN, 0};
            ::poll(&watched, 1, kRecheckMs);
            std::array<char, 4096> events;
            while (watch && read_some(watch.get(), events.data(), events.size()) > 0) {
            }
        }
        write_all(STDERR_FILENO, read_file_end(marks + "/failed-" + image.mark, 4096));
    }
}

}  // namespace executors::helper
