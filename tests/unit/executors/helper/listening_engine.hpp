#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "executors/helper/engine_client.hpp"

namespace tests {

/// Listens at a unix socket and answers what the helper asks an engine, one request for each
/// connection.
class ListeningEngine {
  public:
    struct Request {
        std::string line;  ///< method and path
        std::string body;
    };
    /// By the request's line, one after another; the last one stays. What has none gets 404.
    using Answers = std::map<std::string, std::vector<std::string>>;

    ListeningEngine(const std::filesystem::path& directory, Answers answers)
        : socket_(directory / "engine"),
          answers_(std::move(answers)),
          listener_(executors::helper::listen_in(directory)) {
        std::filesystem::rename(directory / executors::helper::supervisor_socket(), socket_);
        thread_ = std::thread([this] { serve(); });
    }
    ~ListeningEngine() {
        stopped_ = true;
        executors::helper::connect_to_engine(socket_).reset();
        thread_.join();
    }
    ListeningEngine(const ListeningEngine&) = delete;
    ListeningEngine& operator=(const ListeningEngine&) = delete;

    [[nodiscard]] std::string socket() const { return socket_; }
    std::vector<Request> requests() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return requests_;
    }
    std::vector<std::string> lines() {
        std::vector<std::string> all;
        for (auto& request : requests()) all.push_back(std::move(request.line));
        return all;
    }

  private:
    void serve() {
        while (true) {
            pollfd waiting{listener_.get(), POLLIN, 0};
            ::poll(&waiting, 1, -1);
            const executors::helper::UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
            if (stopped_) return;
            answer(client.get(), read(client.get()));
        }
    }
    static Request read(int client) {
        std::string text;
        std::array<char, 4096> buffer{};
        std::size_t head = 0;
        std::size_t size = 0;
        while (head == 0 || text.size() < head + size) {
            const auto count = executors::helper::read_some(client, buffer.data(), buffer.size());
            if (count <= 0) break;
            text.append(buffer.data(), static_cast<std::size_t>(count));
            const auto end = text.find("\r\n\r\n");
            if (end == std::string::npos) continue;
            head = end + 4;
            const auto length = text.find("Content-Length: ");
            size = length < end ? std::strtoul(text.c_str() + length + 16, nullptr, 10) : 0;
        }
        return {text.substr(0, text.find(" HTTP/")), text.substr(std::min(head, text.size()))};
    }
    void answer(int client, Request request) {
        std::string text = "404\r\n\r\n";
        if (auto found = answers_.find(request.line); found != answers_.end()) {
            auto& answers = found->second;
            text = answers.front();
            if (answers.size() > 1) answers.erase(answers.begin());
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        requests_.push_back(std::move(request));
        static_cast<void>(executors::helper::write_all(client, "HTTP/1.0 " + text));
    }

    std::filesystem::path socket_;
    Answers answers_;
    executors::helper::UniqueFd listener_;
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;
    std::vector<Request> requests_;
    std::thread thread_;
};

}  // namespace tests
