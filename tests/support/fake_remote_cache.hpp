#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/task.hpp"
#include "runner/cache/remote_cache.hpp"

namespace tests {

/// What a FakeRemoteCache holds and answers; it outlives the cache.
struct RemoteCacheScript {
    /// Content by the object's name. Its ETag is "etag of <content>".
    std::map<std::string, std::string> objects;
    /// Calls that fail ("look", "fetch", "store"): each error is used once, in order.
    std::map<std::string, std::deque<base::Error>> failures;
    std::set<std::string> held;               ///< calls that do not end before they are cancelled
    std::vector<std::string> calls;           ///< "look <object>"
    std::map<std::string, std::string> keys;  ///< Archive::key by object
    runner::cache::TransferSizes sizes{};
};

class FakeRemoteCache final : public runner::cache::RemoteCache {
  public:
    explicit FakeRemoteCache(RemoteCacheScript& script) : script_(script) {}

    void on_retry(RetryObserver) override {}
    void set_sizes(runner::cache::TransferSizes sizes) override { script_.sizes = sizes; }
    [[nodiscard]] std::string address(const std::string& object) const override {
        return "https://storage/" + object;
    }
    base::Task<base::Result<runner::cache::StoredObject>> look(std::string object) override {
        if (auto failure = begin("look", object)) co_return *failure;
        const auto found = script_.objects.find(object);
        if (found == script_.objects.end())
            co_return base::make_error(base::ErrorKind::kNotFound, "404 Not Found");
        runner::cache::StoredObject stored{"etag of " + found->second, found->second.size()};
        co_return std::move(stored);
    }
    base::Task<base::Result<protocol::http::BodySource>> fetch(
        std::string object, runner::cache::StoredObject) override {
        if (auto failure = begin("fetch", object)) co_return *failure;
        if (script_.held.contains("fetch")) {
            co_await base::sleep_for(std::chrono::hours(1));
            co_return base::make_error(base::ErrorKind::kCancelled, "cancelled");
        }
        const auto rest = std::make_shared<std::string>(script_.objects[object]);
        protocol::http::BodySource source = [rest]() -> base::Task<base::Result<std::string>> {
            co_return std::exchange(*rest, std::string());
        };
        co_return std::move(source);
    }
    base::Task<base::Result<runner::cache::StoredObject>> store(
        std::string object, runner::cache::Archive archive) override {
        if (auto failure = begin("store", object)) co_return *failure;
        auto source = archive.open(0, archive.bytes);
        std::string content;
        while (true) {
            auto reading = source();
            auto piece = co_await std::move(reading);
            if (!piece) co_return piece.error();
            if (piece->empty()) break;
            content += *piece;
        }
        script_.objects[object] = content;
        script_.keys[object] = archive.key;
        runner::cache::StoredObject stored{"etag of " + content, content.size()};
        co_return std::move(stored);
    }

    base::Task<base::Result<runner::cache::ObjectLink>> link(std::string object,
                                                             runner::cache::LinkPurpose purpose,
                                                             std::string key) override {
        if (auto failure = begin("link", object)) co_return *failure;
        const bool writes = purpose == runner::cache::LinkPurpose::kWrite;
        runner::cache::ObjectLink link{"https://storage/" + object + (writes ? "?put" : "?get"),
                                       {}};
        if (writes) link.headers.emplace_back("x-meta-cachekey", key);
        co_return std::move(link);
    }

  private:
    std::optional<base::Error> begin(const std::string& call, const std::string& object) {
        script_.calls.push_back(call + " " + object);
        auto& failures = script_.failures[call];
        if (failures.empty()) return std::nullopt;
        base::Error failure = failures.front();
        failures.pop_front();
        return failure;
    }

    RemoteCacheScript& script_;
};

}  // namespace tests
