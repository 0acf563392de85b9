#include "executors/helper/connection.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "executors/helper/dial.hpp"
#include "executors/helper/read_file.hpp"
#include "executors/helper/terminal.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kPrefixBytes = 4;

std::array<char, kReadBytes>& socket_buffer() {
    static std::array<char, kReadBytes> buffer;
    return buffer;
}

}  // namespace

Connection::Connection(Reactor& reactor, EventLog& log, UniqueFd socket, int cgroup_procs,
                       Handler handler)
    : reactor_(reactor),
      sender_(log),
      socket_(std::move(socket)),
      cgroup_procs_(cgroup_procs),
      handler_(std::move(handler)) {
    interest_ = EPOLLIN;
    reactor_.watch(socket_.get(), interest_, [this](std::uint32_t events) { on_event(events); });
}

Connection::~Connection() { close(); }

void Connection::close() {
    if (!socket_) return;
    if (busy_worker_fd_ >= 0) reactor_.forget(busy_worker_fd_);
    busy_worker_fd_ = -1;
    if (upload_) upload_->abort("the connection was lost during the upload");
    upload_.reset();
    reactor_.forget(socket_.get());
    socket_.reset();
}

void Connection::on_event(std::uint32_t events) {
    if ((events & EPOLLIN) != 0) {
        read_input();
    } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        close();
    }
    // EPOLLOUT: pump() follows every round and sends.
}

/// The kernel moves the data of an upload, which may be gigabytes. False when bytes must be read.
bool Connection::pass_data() {
    if (data_left_ == 0 || !input_.empty() || !upload_ || upload_->input() < 0) return false;
    const ssize_t count = ::splice(socket_.get(), nullptr, upload_->input(), nullptr, data_left_,
                                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count > 0) {
        data_left_ -= static_cast<std::uint32_t>(count);
        return true;
    }
    if (count < 0 && errno == EAGAIN) {
        wait_for_worker();
        return true;
    }
    return false;  // the input or the worker has ended: reading shows it
}

void Connection::read_input() {
    if (pass_data()) return;
    auto& buffer = socket_buffer();
    // What follows the length of a piece of data is not read but passed on.
    const bool before_data = upload_ && data_left_ == 0 && input_.size() < kPrefixBytes;
    const ssize_t count = read_some(socket_.get(), buffer.data(),
                                    before_data ? kPrefixBytes - input_.size() : buffer.size());
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return close();
    input_.append(buffer.data(), static_cast<std::size_t>(count));
    process();
}

void Connection::process() {
    std::size_t used = 0;
    try {
        while (is_open()) {
            const std::string_view rest = std::string_view(input_).substr(used);
            const std::size_t step = data_left_ > 0 ? take_data(rest) : take_frame(rest);
            if (step == 0) break;
            used += step;
        }
    } catch (const Failure& failure) {
        std::fprintf(stderr, "runner-helper: a client was disconnected: %s\n", failure.what());
        close();
    }
    input_.erase(0, used);
    if (input_.empty()) input_ = std::string();  // frees a script that may hold secrets
}

std::size_t Connection::take_frame(std::string_view input) {
    if (input.size() < kPrefixBytes) return 0;
    const FramePrefix prefix = decode_frame_prefix(input.data());
    if (prefix.data) {
        if (prefix.length > kMaxDataBytes) throw Failure("a data frame is too long");
        data_left_ = prefix.length;
        if (prefix.length == 0 && upload_) {
            upload_->close_input();
            upload_.reset();
        }
        return kPrefixBytes;
    }
    if (prefix.length > kMaxCommandBytes) throw Failure("a command is too long");
    if (input.size() < kPrefixBytes + prefix.length) return 0;
    take_command(input.substr(kPrefixBytes, prefix.length));
    return kPrefixBytes + prefix.length;
}

std::size_t Connection::take_data(std::string_view input) {
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(input.size(), data_left_));
    if (size == 0) return 0;
    if (!upload_ || upload_->input() < 0) {  // the worker has ended; its answer says why
        data_left_ -= size;
        return size;
    }
    const ssize_t count = ::write(upload_->input(), input.data(), size);
    if (count < 0 && errno == EAGAIN) {
        wait_for_worker();
        return 0;
    }
    const auto taken = count < 0 ? size : static_cast<std::uint32_t>(count);
    data_left_ -= taken;
    return taken;
}

void Connection::wait_for_worker() {
    if (busy_worker_fd_ >= 0) return;
    busy_worker_fd_ = upload_->input();
    reactor_.watch(busy_worker_fd_, EPOLLOUT, [this](std::uint32_t) {
        reactor_.forget(busy_worker_fd_);
        busy_worker_fd_ = -1;
        process();
        if (is_open()) update_interest();
    });
    update_interest();
}

UniqueFd Connection::release(int version) {
    if (sender_.has_begun()) throw Failure("it asks for something else behind a hello");
    if (version != kProtocolVersion) throw Failure("it speaks another protocol version");
    reactor_.forget(socket_.get());
    return std::move(socket_);
}

/// Another process answers, and ends the connection. False when this connection goes on.
bool Connection::hand_over(const Command& command) {
    if (const auto* read = std::get_if<ReadFile>(&command)) {
        serve_file(release(read->version), *read);
    } else if (const auto* terminal = std::get_if<OpenTerminal>(&command)) {
        serve_terminal(release(terminal->version), *terminal, cgroup_procs_);
    } else if (const auto* dial = std::get_if<Dial>(&command)) {
        serve_dial(release(dial->version), *dial);
    }
    return !is_open();
}

void Connection::take_command(std::string_view json) {
    const Command command = parse_command(json);
    if (const auto* hello = std::get_if<Hello>(&command)) {
        if (sender_.has_begun()) throw Failure("a second hello");
        if (hello->version != kProtocolVersion) throw Failure("it speaks another protocol version");
        if (sender_.begin(hello->from)) return;
        throw Failure("it asks for an offset behind the log's end");
    }
    if (hand_over(command)) return;
    if (!sender_.has_begun()) throw Failure("a command before hello");
    if (std::holds_alternative<AbortUpload>(command)) {
        if (upload_) upload_->abort("the upload was given up");
        return upload_.reset();
    }
    const auto* file = std::get_if<FileCommand>(&command);
    if (file != nullptr && file->has_upload() && upload_) throw Failure("two uploads at a time");
    auto worker = handler_(command);
    if (worker) upload_ = std::move(worker);
}

void Connection::pump() {
    if (!is_open() || !sender_.has_begun()) return;
    if (!sender_.send_to(socket_.get())) return close();
    update_interest();
}

void Connection::update_interest() {
    const std::uint32_t wanted =
        (busy_worker_fd_ >= 0 ? 0U : static_cast<std::uint32_t>(EPOLLIN)) |
        (sender_.is_caught_up() ? 0U : static_cast<std::uint32_t>(EPOLLOUT));
    if (wanted == interest_) return;
    interest_ = wanted;
    reactor_.change(socket_.get(), wanted);
}

}  // namespace executors::helper
