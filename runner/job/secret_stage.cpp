#include "runner/job/secret_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/stop_source.hpp"
#include "protocol/http/proxy.hpp"
#include "runner/job/retry.hpp"
#include "runner/script/secret_texts.hpp"
#include "runner/secrets/digest.hpp"
#include "runner/secrets/json_strings.hpp"

namespace runner::job {

using base::ErrorKind;
using base::Result;
using base::Task;
using journal::FailureReason;

namespace {

/// How often a job that runs on is given another chance when its provider does not answer.
constexpr int kTriesOfRestored = 5;

secrets::ClientMaker clients_for(const JobContext& context) {
    if (context.setup.secret_clients) return context.setup.secret_clients;
    return secrets::client_maker(context.io, context.runner().tls_ca_file);
}

bool is_down(const base::Error& error) {
    return error.is(ErrorKind::kUnavailable) || error.is(ErrorKind::kTimeout);
}

base::Error unknown_provider(const protocol::gitlab::Secret& secret) {
    const std::string& keys = secret.unknown_providers;
    return base::invalid_input(
        keys.empty() ? "it names no provider"
                     : fmt::format("this runner does not know the provider {}: it knows vault, "
                                   "gcp_secret_manager, azure_key_vault, aws_secrets_manager and "
                                   "gitlab_secrets_manager",
                                   keys));
}

}  // namespace

journal::Failure secrets_failure(const base::Error& error) {
    journal::Failure failure;
    failure.message = "resolving secrets: " + error.message;
    switch (error.kind) {
        case ErrorKind::kNotFound:
        case ErrorKind::kForbidden:
        case ErrorKind::kInvalidInput:
        case ErrorKind::kConfiguration: failure.reason = FailureReason::kConfigurationError; break;
        case ErrorKind::kUnavailable:
        case ErrorKind::kTimeout: failure.reason = FailureReason::kExternalDependency; break;
        default: failure.reason = FailureReason::kSystemFailure; break;
    }
    return failure;
}

SecretStage::SecretStage(JobContext& context)
    : context_(context),
      resolver_(clients_for(context), protocol::cloud_identity::variable_of_process),
      quiet_(context.setup.restored && !context.setup.restored->trace_state.empty()) {}

Task<Result<void>> SecretStage::run() {
    // As officially, the stage is there when the server names secrets, even when there are none.
    if (!context_.payload().names_secrets) co_return Result<void>();
    context_.enter("resolve_secrets", executors::executor_stage(context_.traits, "prepare"));
    auto& channel = context_.channel();
    script::expand_secrets(context_.setup.payload.secrets, context_.texts);
    hide_identities();
    if (!quiet_) {
        channel.section_start("resolve_secrets");
        context_.log().heading("Resolving secrets");
    }
    const executors::Waiting waiting(context_.log(), "the values of its secrets");
    auto resolving = resolve_all();
    auto resolved =
        co_await base::run_stoppable(&context_.stop, std::move(resolving), context_.deadline());
    if (!quiet_) channel.section_end("resolve_secrets");
    if (!resolved) co_return resolved.error();
    const std::vector<std::string> parts = parts_of_values();
    const auto warnings = context_.variables.add_secrets(std::move(variables_));
    channel.hide(context_.variables.masked_values());
    if (!parts.empty()) channel.hide(parts);
    if (!quiet_) {
        for (const std::string& warning : warnings) context_.log().warning(warning);
    }
    co_return Result<void>();
}

void SecretStage::hide_identities() {
    std::vector<std::string> identities;
    for (const Secret& secret : context_.payload().secrets)
        identities.emplace_back(secrets::identity_of(secret));
    context_.channel().hide(identities);
}

std::vector<std::string> SecretStage::parts_of_values() const {
    std::vector<std::string> parts;
    for (const auto& variable : variables_) {
        std::vector<std::string> strings = secrets::strings_in_json(variable.value);
        parts.insert(parts.end(), std::make_move_iterator(strings.begin()),
                     std::make_move_iterator(strings.end()));
    }
    return parts;
}

Task<Result<void>> SecretStage::resolve_all() {
    for (const Secret& secret : context_.payload().secrets) {
        const std::string name = fmt::format("secret \"{}\"", secret.variable);
        if (!quiet_) context_.log().print(fmt::format("Resolving {}...", name));
        auto resolving = resolve(secret);
        auto value = co_await std::move(resolving);
        if (!value) co_return value.error().with_context(name);
        auto taken = take(secret, *value);
        if (!taken) co_return taken.error().with_context(name);
    }
    co_return Result<void>();
}

Task<Result<std::string>> SecretStage::resolve(const Secret& secret) {
    const auto provider = secrets::provider_name(secret);
    if (provider.empty()) co_return unknown_provider(secret);
    if (!quiet_) context_.log().print(fmt::format("Using \"{}\" secret resolver...", provider));
    auto trying = try_several_times(secret);
    auto value = co_await std::move(trying);
    const bool may_be_missing = !context_.variables.feature("FF_SECRET_RESOLVING_FAILS_IF_MISSING");
    if (value || !value.error().is(ErrorKind::kNotFound) || !may_be_missing)
        co_return std::move(value);
    if (!quiet_) {
        context_.log().warning(
            fmt::format("secret \"{}\": {}; the variable is empty, because "
                        "FF_SECRET_RESOLVING_FAILS_IF_MISSING "
                        "is off",
                        secret.variable, value.error().message));
    }
    co_return std::string();
}

Task<Result<std::string>> SecretStage::try_several_times(const Secret& secret) {
    const bool slower = context_.variables.feature("FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY");
    for (int made = 1;; ++made) {
        auto resolving = resolver_.resolve(secret);
        auto value = co_await std::move(resolving);
        if (value || context_.stop.requested()) co_return std::move(value);
        if (attempts_left(value.error(), made) <= 0) co_return std::move(value);
        if (!quiet_) {
            context_.log().warning(
                fmt::format("secret \"{}\": {}", secret.variable, value.error().message));
            context_.log().warning("Retrying...");
        }
        auto waiting = wait_before_retry(context_, retry_pause(slower, made));
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

int SecretStage::attempts_left(const base::Error& error, int made) {
    int attempts = context_.behaviour.attempts("SECRETS_RETRIEVAL_ATTEMPTS");
    if (context_.setup.restored && is_down(error)) attempts = std::max(attempts, kTriesOfRestored);
    return attempts - made;
}

Result<void> SecretStage::take(const Secret& secret, const std::string& value) {
    auto& checkpoint = context_.checkpoint();
    auto& digest = checkpoint.secret_digests[secret.variable];
    if (checkpoint.phase == journal::Phase::kRunning && !digest.empty()) {
        if (!secrets::matches_digest(value, digest)) {
            return base::make_error(
                ErrorKind::kConflict,
                "its value has changed while the runner was restarted, and the log of a job that "
                "has the former value could show it: run the job again");
        }
    } else {
        digest = secrets::make_digest(value);
    }
    protocol::gitlab::Variable variable;
    variable.key = secret.variable;
    variable.value = value;
    variable.masked = true;
    variable.file = secret.file;
    variable.raw = true;
    variables_.push_back(std::move(variable));
    return {};
}

}  // namespace runner::job
