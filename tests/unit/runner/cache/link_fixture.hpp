#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "runner/cache/identities.hpp"
#include "runner/cache/object_cache.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/protocol/cloud_identity/fake_web.hpp"
#include "tests/unit/runner/cache/fake_storage.hpp"

namespace tests {

/// Addresses for jobs, of a daemon that gets credentials from the services in `web_`.
class LinkFixture : public testing::Test {
  protected:
    runner::cache::ObjectCache cache(
        base::Result<std::unique_ptr<runner::cache::Provider>> provider) {
        return {std::move(*provider), storage_clients(script_),
                [](std::chrono::nanoseconds) -> base::Task<bool> { co_return true; }};
    }
    base::Result<runner::cache::ObjectLink> link(runner::cache::ObjectCache& storage,
                                                 runner::cache::LinkPurpose purpose) {
        return run_to_end(context_, storage.link("o", purpose, "my key"));
    }

    boost::asio::io_context context_{1};
    FakeWeb web_;
    runner::config::RunnerConfig runner_;
    runner::cache::Identities identities_{
        context_.get_executor(),
        [this](const runner::config::RunnerConfig&) { return web_.surroundings().send; },
        web_.surroundings().variable};
    StorageScript script_;
};

}  // namespace tests
