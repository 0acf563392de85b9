#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

const Names kProviders = {"vault",           "gcp_secret_manager",
                          "azure_key_vault", "aws_secrets_manager",
                          "akeyless",        "gitlab_secrets_manager"};

void check_vault(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_string()) return;
    if (!value.is_map()) {
        return report.add(key_path, "config should be a hash or a string", value.mark());
    }
    const std::size_t before = report.count();
    check_keys(value, {"engine", "path", "field"}, key_path, report);
    for (const auto* key : {"path", "field", "engine"}) {
        const Value* part = value.given(key);
        if (part == nullptr)
            report.add(key_path, std::string(key) + " can't be blank", value.mark());
    }
    const Value* engine = value.given("engine");
    if (!report.clean_since(before) || engine == nullptr) return;
    const KeyPath inner{&key_path, "engine"};
    if (!engine->is_map()) return report.add(inner, "config should be a hash", engine->mark());
    check_keys(*engine, {"name", "path"}, inner, report);
    for (const auto* key : {"name", "path"}) {
        if (engine->given(key) == nullptr) {
            report.add(inner, std::string(key) + " can't be blank", engine->mark());
        }
    }
}

/// A provider whose secret is a map with a `name`.
void check_named(const Value& value, Names keys, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    check_keys(value, keys, key_path, report);
    const Value* name = value.find("name");
    if (name == nullptr || name->is_blank())
        report.add(key_path, "name can't be blank", value.mark());
}

void check_provider(std::string_view provider, const Value& value, const KeyPath& key_path,
                    Report& report) {
    const KeyPath inner{&key_path, provider};
    if (provider == "vault") return check_vault(value, inner, report);
    if (provider == "azure_key_vault" || provider == "gcp_secret_manager") {
        return check_named(value, {"name", "version"}, inner, report);
    }
    if (provider == "gitlab_secrets_manager") {
        return check_named(value, {"name", "source"}, inner, report);
    }
    if (provider == "aws_secrets_manager" && value.is_string()) return;
    if (!value.is_map()) report.add(inner, "config should be a hash", value.mark());
}

void check_secret(const Value& secret, const KeyPath& key_path, Report& report) {
    if (!secret.is_map()) return report.add(key_path, "config should be a hash", secret.mark());
    const std::size_t before = report.count();
    check_keys(secret,
               {"vault", "gcp_secret_manager", "azure_key_vault", "aws_secrets_manager", "akeyless",
                "gitlab_secrets_manager", "file", "token"},
               key_path, report);
    std::string_view provider;
    for (const auto name : kProviders) {
        if (secret.given(name) != nullptr) provider = name;
    }
    if (provider.empty()) {
        report.add(key_path,
                   "config must use exactly one of these keys: vault, azure_key_vault, "
                   "gcp_secret_manager, aws_secrets_manager, akeyless, gitlab_secrets_manager",
                   secret.mark());
    }
    if (provider == "gcp_secret_manager" && secret.given("token") == nullptr) {
        report.add(key_path, "token is required with gcp secrets manager", secret.mark());
    }
    check_boolean_attribute(secret, "file", key_path, report);
    if (report.clean_since(before)) {
        check_provider(provider, *secret.given(provider), key_path, report);
    }
}

}  // namespace

void check_id_tokens(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    for (const auto& [key, token] : value.entries()) {
        const std::string name = path_name(key);
        const KeyPath inner{&key_path, name};
        check_required(token, {"aud"}, inner, report);
        check_keys(token, {"aud"}, inner, report);
        const Value* aud = token.find("aud");
        if (aud == nullptr || !is_text_or_list(*aud)) {
            report.add(inner, "aud should be an array of strings or a string", token.mark());
        }
    }
}

void check_secrets(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    for (const auto& [key, secret] : value.entries()) {
        const std::string name = path_name(key);
        check_secret(secret, KeyPath{&key_path, name}, report);
    }
}

void check_dast_configuration(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    check_keys(value, {"site_profile", "scanner_profile"}, key_path, report);
}

}  // namespace runner::pipeline::keywords
