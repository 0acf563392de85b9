#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "runner/secrets/resolver.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/runner/secrets/fake_provider.hpp"

namespace tests {

/// Resolves one secret with a provider that the test scripts.
class SecretsFixture : public testing::Test {
  protected:
    using Response = protocol::http::Response;
    using Request = protocol::http::Request;

    template <typename Source>
    base::Result<std::string> resolve(Source source) {
        protocol::gitlab::Secret secret{.variable = "S", .source = std::move(source)};
        const auto environment = [this](const std::string& name) { return environment_[name]; };
        runner::secrets::Resolver resolver(provider_.clients(), environment);
        return run_to_end(resolver.resolve(secret));
    }
    /// The failure's kind and text.
    template <typename Source>
    base::Error failure(Source source) {
        auto value = resolve(std::move(source));
        EXPECT_FALSE(value.has_value()) << (value ? *value : "");
        return value ? base::Error() : value.error();
    }

    FakeProvider provider_;
    std::map<std::string, std::string> environment_;
};

}  // namespace tests
