#include "runner/cache/s3_address.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"

namespace runner::cache {

namespace {

constexpr std::string_view kAwsAddress = "s3.amazonaws.com";
constexpr std::string_view kDefaultRegion = "us-east-1";

std::string aws_domain(std::string_view region) {
    return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

std::string aws_s3_host(const config::S3CacheSettings& settings, const std::string& region) {
    const std::string domain = aws_domain(region);
    if (settings.accelerate) {
        return settings.dual_stack ? "s3-accelerate.dualstack." + domain
                                   : "s3-accelerate." + domain;
    }
    return fmt::format("s3.{}{}.{}", settings.dual_stack ? "dualstack." : "", region, domain);
}

/// These know the bucket by the name of the host.
bool has_hosts_for_buckets(std::string_view host) {
    return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") ||
           host == "storage.googleapis.com" || host.ends_with(".aliyuncs.com");
}

bool is_path_style(const config::S3CacheSettings& settings, std::string_view host) {
    if (settings.path_style) return *settings.path_style;
    // A certificate for all buckets of a host has one level below it.
    const bool fits = settings.insecure || settings.bucket_name.find('.') == std::string::npos;
    return !fits || !has_hosts_for_buckets(host);
}

}  // namespace

std::string aws_host(const std::string& service, const std::string& region) {
    return fmt::format("{}.{}.{}", service, region, aws_domain(region));
}

base::Result<S3Address> s3_address(const config::S3CacheSettings& settings) {
    S3Address address;
    address.region =
        settings.bucket_location.empty() ? std::string(kDefaultRegion) : settings.bucket_location;
    const bool aws = settings.server_address.empty() || settings.server_address == kAwsAddress;
    const std::string host = aws ? aws_s3_host(settings, address.region) : settings.server_address;
    auto url = protocol::http::parse_url((settings.insecure ? "http://" : "https://") + host);
    if (!url) return url.error().with_context("runners.cache.s3.ServerAddress");
    address.origin = url->origin;
    address.prefix = "/" + settings.bucket_name + "/";
    if (!is_path_style(settings, address.origin.host)) {
        address.origin.host = settings.bucket_name + "." + address.origin.host;
        address.prefix = "/";
    }
    return address;
}

}  // namespace runner::cache
