#include "runner/config/setters.hpp"

namespace runner::config::schema {

namespace {

using CacheTable = CacheSettings;
using S3Table = S3CacheSettings;

constexpr Key kCache[] = {
    key("Type", Type::kString, "", cache<&CacheTable::type>,
        "where caches lie: s3, gcs or azure; \"\": on this host only"),
    key("Path", Type::kString, "", cache<&CacheTable::path>,
        "in front of the names of all objects"),
    key("Shared", Type::kBool, "false", cache<&CacheTable::shared>,
        "the runners that use the bucket share their caches"),
    key("MaxUploadedArchiveSize", Type::kInt64, "0", cache<&CacheTable::max_uploaded_archive_size>,
        "bytes; a larger cache stays on this host; 0: no limit")
        .with_flag("cache-max_uploaded_archive_size", "CACHE_MAXIMUM_UPLOADED_ARCHIVE_SIZE"),
    key("RedactURL", Type::kBool, "false", cache<&CacheTable::redact_url>,
        "leave addresses of caches out of the job log")
        .with_flag("cache-redact-url", "CACHE_REDACT_URL"),
};

constexpr Key kCacheS3[] = {
    key("ServerAddress", Type::kString, "s3.amazonaws.com", cache_s3<&S3Table::server_address>,
        "host and port of the storage"),
    key("AccessKey", Type::kString, "", cache_s3<&S3Table::access_key>, "name of the key"),
    key("SecretKey", Type::kString, "", cache_s3<&S3Table::secret_key>, "the key"),
    key("SessionToken", Type::kString, "", cache_s3<&S3Table::session_token>,
        "token that belongs to a temporary key"),
    key("BucketName", Type::kString, "", cache_s3<&S3Table::bucket_name>, "name of the bucket"),
    key("BucketLocation", Type::kString, "us-east-1", cache_s3<&S3Table::bucket_location>,
        "region of the bucket"),
    key("Insecure", Type::kBool, "false", cache_s3<&S3Table::insecure>, "http instead of https"),
    key("AuthenticationType", Type::kString, "by the presence of address and keys",
        cache_s3<&S3Table::authentication_type>,
        "access-key, or iam: the machine's role and the usual variables")
        .with_flag("cache-s3-authentication_type", "CACHE_S3_AUTHENTICATION_TYPE"),
    key("ServerSideEncryption", Type::kString, "", cache_s3<&S3Table::server_side_encryption>,
        "how the storage encrypts caches: S3, KMS or DSSE-KMS"),
    key("ServerSideEncryptionKeyID", Type::kString, "",
        cache_s3<&S3Table::server_side_encryption_key_id>, "key for KMS and DSSE-KMS"),
    key("DualStack", Type::kBool, "true", cache_s3<&S3Table::dual_stack>,
        "the addresses of AWS that have IPv6, too"),
    key("PathStyle", Type::kBool, "by the address", cache_s3<&S3Table::path_style>,
        "the bucket is in the path and not in the host name"),
    key("Accelerate", Type::kBool, "false", cache_s3<&S3Table::accelerate>,
        "transfer acceleration of AWS"),
    key("RoleARN", Type::kString, "", cache_s3<&S3Table::role_arn>,
        "role of AWS to take for caches"),
    key("UploadRoleARN", Type::kString, "", cache_s3<&S3Table::upload_role_arn>,
        "role to take for uploads, in the place of RoleARN"),
    key("AssumeRoleMaxConcurrency", Type::kInt, "5", cache_s3<&S3Table::roles_at_once>,
        "requests for roles at once"),
    key("DisableAssumeRoleCredentialsCaching", Type::kBool, "false",
        cache_s3<&S3Table::fresh_role_for_each_job>, "take the role anew for each job"),
};

constexpr Key kCacheGcs[] = {
    key("AccessID", Type::kString, "", cache_gcs<&GcsCacheSettings::access_id>,
        "address of the service account"),
    key("PrivateKey", Type::kString, "", cache_gcs<&GcsCacheSettings::private_key>,
        "its private key, PEM"),
    key("CredentialsFile", Type::kString, "", cache_gcs<&GcsCacheSettings::credentials_file>,
        "JSON file of credentials, in the place of both")
        .with_flag("", "GOOGLE_APPLICATION_CREDENTIALS"),
    key("BucketName", Type::kString, "", cache_gcs<&GcsCacheSettings::bucket_name>,
        "name of the bucket"),
    key("UniverseDomain", Type::kString, "googleapis.com",
        cache_gcs<&GcsCacheSettings::universe_domain>, "domain of the cloud"),
};

constexpr Key kCacheAzure[] = {
    key("AccountName", Type::kString, "", cache_azure<&AzureCacheSettings::account_name>,
        "name of the storage account"),
    key("AccountKey", Type::kString, "", cache_azure<&AzureCacheSettings::account_key>,
        "key of the account; without it, the identity of the machine"),
    key("ContainerName", Type::kString, "", cache_azure<&AzureCacheSettings::container_name>,
        "container of the caches"),
    key("StorageDomain", Type::kString, "blob.core.windows.net",
        cache_azure<&AzureCacheSettings::storage_domain>, "domain of the storage"),
};

constexpr Section kCacheSections[] = {
    {"runners.cache", kCache, false, "", "cache-", "CACHE_"},
    {"runners.cache.s3", kCacheS3, false, "", "cache-s3-", "CACHE_S3_"},
    {"runners.cache.gcs", kCacheGcs, false, "", "cache-gcs-", "CACHE_GCS_"},
    {"runners.cache.azure", kCacheAzure, false, "", "cache-azure-", "CACHE_AZURE_"},
};

}  // namespace

std::span<const Section> cache_sections() { return kCacheSections; }

}  // namespace runner::config::schema
