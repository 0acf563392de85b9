#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/executors/helper/log_records.hpp"

namespace executors::helper::tests_support {

inline constexpr int kAnswerLimitMs = 20'000;  // what should not happen fails the test then

/// A client of the supervisor, with blocking calls.
class SupervisorClient {
  public:
    explicit SupervisorClient(const std::string& directory) : socket_(connect_in(directory)) {}

    void send(const nlohmann::json& command) { send_bytes(make_frame(command.dump())); }
    void hello(std::uint64_t from = 0) {
        send({{"op", "hello"}, {"version", kProtocolVersion}, {"from", from}});
    }
    void send_data(std::string_view bytes) {
        const auto prefix = encode_frame_prefix(static_cast<std::uint32_t>(bytes.size()), true);
        send_bytes(std::string(prefix.data(), prefix.size()) + std::string(bytes));
    }
    void send_bytes(const std::string& bytes) {
        // The supervisor may have closed the connection already.
        static_cast<void>(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
    /// Reads until a record is `wanted`, and returns it.
    LogRecord wait_for(const std::function<bool(const LogRecord&)>& wanted) {
        while (true) {
            const auto records = parse_records(std::string_view(received_).substr(taken_));
            for (const LogRecord& record : records) {
                taken_ += kHeaderBytes + record.header.length;
                if (wanted(record)) return record;
            }
            if (!read_more()) break;
        }
        ADD_FAILURE() << "the connection ended before the record came";
        return {};
    }
    LogRecord wait_for(RecordType type, std::uint16_t stage) {
        return wait_for([&](const LogRecord& record) {
            return record.header.type == type && record.header.stage == stage;
        });
    }
    nlohmann::json wait_answer(const std::string& id) {
        const auto is_answer = [&](const LogRecord& record) {
            return record.header.type == RecordType::kNotice && record.json().value("id", "") == id;
        };
        const LogRecord record = wait_for(is_answer);
        return record.text.empty() ? nlohmann::json() : record.json();
    }
    /// Reads until `wanted` has come, on a connection that is none to the log.
    void wait_for_text(std::string_view wanted) {
        while (received_.find(wanted) == std::string::npos) {
            if (read_more()) continue;
            ADD_FAILURE() << "the connection ended before \"" << wanted << "\" came: " << received_;
            return;
        }
    }
    /// Everything until the supervisor closes the connection.
    std::string read_to_end() {
        while (read_more()) {
        }
        return received_;
    }
    [[nodiscard]] const std::string& received() const { return received_; }
    [[nodiscard]] std::vector<LogRecord> records() const { return parse_records(received_); }

  private:
    bool read_more() {
        pollfd readable{socket_.get(), POLLIN, 0};
        if (::poll(&readable, 1, kAnswerLimitMs) != 1) {
            ADD_FAILURE() << "the supervisor sends nothing";
            return false;
        }
        char buffer[64 * 1024];
        const ssize_t count = read_some(socket_.get(), buffer, sizeof buffer);
        if (count <= 0) return false;
        received_.append(buffer, static_cast<std::size_t>(count));
        return true;
    }

    UniqueFd socket_;
    std::string received_;
    std::size_t taken_ = 0;
};

}  // namespace executors::helper::tests_support
