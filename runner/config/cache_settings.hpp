#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "base/strings.hpp"

/// The table [runners.cache] (runner-protocol.md §5.6).
namespace runner::config {

struct S3CacheSettings {
    std::string server_address;  ///< host[:port], "" for AWS
    base::Secret access_key;
    base::Secret secret_key;
    base::Secret session_token;
    std::string bucket_name;
    std::string bucket_location;      ///< region, "" for us-east-1
    bool insecure = false;            ///< http instead of https
    std::string authentication_type;  ///< see uses_keys()
    std::string server_side_encryption;
    std::string server_side_encryption_key_id;
    bool dual_stack = true;
    std::optional<bool> path_style;  ///< nullopt: decided by the address
    bool accelerate = false;
    /// Whether AccessKey and SecretKey are used, and not the identity of the machine.
    [[nodiscard]] bool uses_keys() const {
        return authentication_type.empty() ? !access_key.empty()
                                           : base::iequals(authentication_type, "access-key");
    }
    std::string role_arn;
    std::string upload_role_arn;
    bool fresh_role_for_each_job = false;  ///< DisableAssumeRoleCredentialsCaching
    int roles_at_once = 0;                 ///< AssumeRoleMaxConcurrency; 0: 5, less: no limit
};

struct GcsCacheSettings {
    std::string access_id;
    base::Secret private_key;  ///< PEM
    std::string credentials_file;
    std::string bucket_name;
    std::string universe_domain;
};

struct AzureCacheSettings {
    std::string account_name;
    base::Secret account_key;  ///< base64; "": the identity of the machine
    std::string container_name;
    std::string storage_domain = "blob.core.windows.net";
};

struct CacheSettings {
    std::string type;  ///< "s3", "gcs", "azure"; "" for local caches only
    std::string path;  ///< in front of the names of all objects
    bool shared = false;
    std::int64_t max_uploaded_archive_size = 0;  ///< bytes; 0: no limit
    bool redact_url = false;                     ///< addresses are not in the job's log
    /// Why the object storage cannot be used, so that caches stay on this host; "" for nothing.
    std::string problem;
    S3CacheSettings s3;
    GcsCacheSettings gcs;
    AzureCacheSettings azure;
};

}  // namespace runner::config
