#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "runner/config/validation.hpp"

namespace runner::config::validation {

namespace {

struct Problem {
    std::string_view key;  ///< below "cache"
    std::string text;
};

std::string need(std::string_view table, std::string_view key, std::string_view what) {
    return fmt::format("runners.cache.{} has no {}: {}", table, key, what);
}

/// A name that is one part of an object's address: with another character, that would be the
/// address of something else.
std::optional<Problem> wrong_name(std::string_view key, std::string_view what,
                                  const std::string& name) {
    const bool good = std::all_of(name.begin(), name.end(),
                                  [](char c) { return base::is_unreserved(c) && c != '~'; });
    if (good && name != "." && name != "..") return std::nullopt;
    return Problem{key, fmt::format("runners.cache.{} \"{}\" is no name of a {}: letters, digits, "
                                    "'.', '-' and '_' are allowed",
                                    key, name, what)};
}

/// A part of all objects' names.
std::optional<Problem> wrong_path(const std::string& path) {
    const auto parts = base::split(path, '/');
    const bool leads_out = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
        return part == ".." || part == ".";
    });
    const bool bad = std::any_of(path.begin(), path.end(), [](unsigned char c) {
        return c < 0x20 || c == 0x7f || c == '?' || c == '#' || c == '\\';
    });
    if (!leads_out && !bad) return std::nullopt;
    return Problem{"Path",
                   fmt::format("runners.cache.Path \"{}\" is no path of objects: it may not have "
                               "\"..\", \"?\", \"#\", a backslash or a control character",
                               path)};
}

std::optional<Problem> problem_of(const S3CacheSettings& s3) {
    if (s3.bucket_name.empty())
        return Problem{"s3", need("s3", "BucketName", "name the bucket of the caches")};
    const std::string type = base::to_lower(s3.authentication_type);
    if (!type.empty() && type != "iam" && type != "access-key") {
        return Problem{"s3.AuthenticationType",
                       fmt::format("runners.cache.s3.AuthenticationType is \"{}\": use "
                                   "\"access-key\" or \"iam\"",
                                   s3.authentication_type)};
    }
    if (s3.access_key.empty() != s3.secret_key.empty())
        return Problem{"s3", "runners.cache.s3: AccessKey and SecretKey belong together"};
    if (type == "access-key" && s3.access_key.empty()) {
        return Problem{"s3",
                       "runners.cache.s3 has no keys: set AccessKey and SecretKey, or "
                       "AuthenticationType to \"iam\""};
    }
    if (auto wrong = wrong_name("s3.BucketName", "bucket", s3.bucket_name)) return wrong;
    // The message leaves the value out: it may have a password in it.
    if (s3.server_address.find_first_of("/@") != std::string::npos) {
        return Problem{"s3.ServerAddress",
                       "runners.cache.s3.ServerAddress is more than a host and a port: write "
                       "\"storage.example.com:9000\"; Insecure chooses http, the keys have keys of "
                       "their own"};
    }
    return std::nullopt;
}

std::optional<Problem> problem_of(const GcsCacheSettings& gcs) {
    if (gcs.bucket_name.empty())
        return Problem{"gcs", need("gcs", "BucketName", "name the bucket of the caches")};
    if (auto wrong = wrong_name("gcs.BucketName", "bucket", gcs.bucket_name)) return wrong;
    if (gcs.access_id.empty() == gcs.private_key.empty() || !gcs.credentials_file.empty())
        return std::nullopt;
    return Problem{"gcs", "runners.cache.gcs: AccessID and PrivateKey belong together"};
}

std::optional<Problem> problem_of(const AzureCacheSettings& azure) {
    if (azure.container_name.empty())
        return Problem{"azure", need("azure", "ContainerName", "name the container of the caches")};
    if (azure.account_name.empty())
        return Problem{"azure", need("azure", "AccountName", "name the storage account")};
    if (auto wrong = wrong_name("azure.ContainerName", "container", azure.container_name))
        return wrong;
    if (auto wrong = wrong_name("azure.AccountName", "storage account", azure.account_name))
        return wrong;
    const auto key = base::base64_decode(azure.account_key.reveal());
    if (azure.account_key.empty() || (key && !key->empty())) return std::nullopt;
    // The message leaves the value out.
    return Problem{"azure.AccountKey",
                   "runners.cache.azure.AccountKey is not base64: copy the whole key of the "
                   "storage account"};
}

void check_encryption(const S3CacheSettings& s3, const Node& node, Reporter& report) {
    const std::string kind = base::to_lower(s3.server_side_encryption);
    const bool s3_key = kind == "s3" || kind == "aes256";
    const bool kms =
        kind == "kms" || kind == "aws:kms" || kind == "dsse-kms" || kind == "aws:kms:dsse";
    if (!kind.empty() && !s3_key && !kms) {
        report.warning(position_of(node, "cache.s3.ServerSideEncryption"),
                       fmt::format("runners.cache.s3.ServerSideEncryption \"{}\" is not known and "
                                   "is not used: S3, KMS and DSSE-KMS are",
                                   s3.server_side_encryption));
    }
    if (!kms && !s3.server_side_encryption_key_id.empty()) {
        report.warning(position_of(node, "cache.s3.ServerSideEncryptionKeyID"),
                       "runners.cache.s3.ServerSideEncryptionKeyID is used with KMS and DSSE-KMS "
                       "only");
    }
}

std::optional<Problem> problem_of(const CacheSettings& cache) {
    if (auto wrong = wrong_path(cache.path)) return wrong;
    if (cache.type == "s3") return problem_of(cache.s3);
    if (cache.type == "gcs") return problem_of(cache.gcs);
    if (cache.type == "azure") return problem_of(cache.azure);
    return Problem{"Type",
                   fmt::format("runners.cache.Type \"{}\" is not known: use \"s3\", \"gcs\" or "
                               "\"azure\"",
                               cache.type)};
}

}  // namespace

void check_cache(RunnerConfig& runner, const Node& node, Reporter& report) {
    CacheSettings& cache = runner.cache;
    if (cache.type.empty()) return;
    if (const auto problem = problem_of(cache)) {
        cache.problem = problem->text;
        report.warning(position_of(node, fmt::format("cache.{}", problem->key)),
                       problem->text + "; caches stay on this host");
    }
    if (cache.type == "s3") check_encryption(cache.s3, node, report);
    if (cache.max_uploaded_archive_size < 0) {
        report.warning(position_of(node, "cache.MaxUploadedArchiveSize"),
                       "runners.cache.MaxUploadedArchiveSize is below 0: there is no limit");
        cache.max_uploaded_archive_size = 0;
    }
}

}  // namespace runner::config::validation
