#include "protocol/http/pool.hpp"

#include <utility>

namespace protocol::http {

Pool::Pool(const boost::asio::any_io_executor& executor, Limits limits)
    : timer_(executor), limits_(limits) {}

std::unique_ptr<Connection> Pool::take(const Origin& origin, unsigned tls_generation) {
    sweep();
    for (auto entry = entries_.end(); entry != entries_.begin();) {
        --entry;
        if (entry->connection->origin() != origin) continue;
        auto connection = std::move(entry->connection);
        entry = entries_.erase(entry);
        const bool outdated =
            origin.scheme == Scheme::kHttps && connection->tls_generation() != tls_generation;
        if (outdated || connection->transport().has_unread_input()) continue;
        wake_for_the_oldest();
        return connection;
    }
    wake_for_the_oldest();
    return nullptr;
}

void Pool::give(std::unique_ptr<Connection> connection) {
    if (!connection->reusable() || too_old(*connection) || limits_.count == 0) return;
    connection->free_buffers();
    entries_.push_back({std::move(connection), std::chrono::steady_clock::now()});
    if (entries_.size() > limits_.count) entries_.pop_front();
    if (entries_.size() == 1) wake_for_the_oldest();
}

void Pool::clear() {
    entries_.clear();
    timer_.cancel();
}

bool Pool::too_old(const Connection& connection) const {
    return limits_.age.count() > 0 &&
           std::chrono::steady_clock::now() - connection.created() > limits_.age;
}

void Pool::sweep() {
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(entries_, [&](const Entry& entry) {
        return now - entry.since >= limits_.idle || too_old(*entry.connection);
    });
}

void Pool::wake_for_the_oldest() {
    timer_.cancel();
    if (entries_.empty()) return;
    timer_.expires_at(entries_.front().since + limits_.idle);
    auto on_time = [weak = weak_from_this()](const boost::system::error_code& code) {
        const auto self = weak.lock();
        if (code || !self) return;
        self->sweep();
        self->wake_for_the_oldest();
    };
    timer_.async_wait(std::move(on_time));
}

}  // namespace protocol::http
