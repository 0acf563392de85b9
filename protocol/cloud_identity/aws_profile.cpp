#include "protocol/cloud_identity/aws_profile.hpp"

#include "base/files.hpp"
#include "base/strings.hpp"

namespace protocol::cloud_identity {

namespace {

constexpr std::size_t kMostSharedBytes = 1U << 20U;

/// The name of a profile in the line of its section; "" for a section that is none.
std::string profile_name(std::string_view section, bool is_config) {
    section = base::trim(section);
    if (!is_config || section == "default") return std::string(section);
    constexpr std::string_view kPrefix = "profile";
    if (!section.starts_with(kPrefix)) return {};
    return std::string(base::trim(section.substr(kPrefix.size())));
}

base::Result<std::string> read_shared(const Variables& variable, const char* variable_name,
                                      const char* usual) {
    std::string path = variable(variable_name);
    const std::string home = variable("HOME");
    if (path.empty() && home.empty()) return std::string();
    if (path.empty()) path = home + "/.aws/" + usual;
    auto text = base::read_small_file(path, kMostSharedBytes);
    if (!text && text.error().is(base::ErrorKind::kNotFound)) return std::string();
    if (!text) return text.error().with_context("the shared file of AWS");
    return text;
}

}  // namespace

std::map<std::string, AwsProfile> parse_aws_profiles(std::string_view text, bool is_config) {
    std::map<std::string, AwsProfile> profiles;
    std::string current;
    for (const std::string& raw : base::split(text, '\n')) {
        const std::string_view line = base::trim(raw);
        // An indented line belongs to a nested table, such as "s3 =".
        const bool nested = raw.starts_with(' ') || raw.starts_with('\t');
        if (line.empty() || line.front() == '#' || line.front() == ';' || nested) continue;
        if (line.front() == '[') {
            current = profile_name(line.substr(1, line.find(']') - 1), is_config);
            continue;
        }
        const auto equal = line.find('=');
        if (equal == std::string_view::npos || current.empty()) continue;
        profiles[current][base::to_lower(base::trim(line.substr(0, equal)))] =
            std::string(base::trim(line.substr(equal + 1)));
    }
    return profiles;
}

base::Result<std::map<std::string, AwsProfile>> read_aws_profiles(const Variables& variable) {
    const auto config = read_shared(variable, "AWS_CONFIG_FILE", "config");
    if (!config) return config.error();
    const auto credentials = read_shared(variable, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
    if (!credentials) return credentials.error();
    auto profiles = parse_aws_profiles(*config, true);
    for (const auto& [name, settings] : parse_aws_profiles(*credentials, false))
        for (const auto& [key, value] : settings) profiles[name][key] = value;
    return profiles;
}

}  // namespace protocol::cloud_identity
