#include "runner/config/system_id.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/file_replacement.hpp"
#include "base/files.hpp"
#include "base/random.hpp"
#include "base/strings.hpp"

namespace runner::config {

namespace {

bool is_system_id(std::string_view text) {
    return text.size() == 14 && (text[0] == 's' || text[0] == 'r') && text[1] == '_' &&
           std::all_of(text.begin() + 2, text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           });
}

std::filesystem::path file_beside(const std::filesystem::path& config_path) {
    return config_path.parent_path() / ".runner_system_id";
}

std::string derive() {
    for (const char* path : {"/var/lib/dbus/machine-id", "/etc/machine-id"}) {
        const auto text = base::read_file(path);
        if (!text) continue;
        const std::string id(base::trim(*text));
        if (!id.empty()) return system_id_from_machine_id(id);
    }
    return "r_" + base::random_alphanumeric(12);
}

}  // namespace

std::string system_id_from_machine_id(const std::string& machine_id) {
    constexpr std::string_view kMessage = "gitlab-runner";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    std::array<unsigned char, kMessage.size()> message{};
    std::copy(kMessage.begin(), kMessage.end(), message.begin());
    unsigned length = 0;
    ::HMAC(::EVP_sha256(), machine_id.data(), static_cast<int>(machine_id.size()), message.data(),
           message.size(), digest.data(), &length);
    return "s_" + base::to_hex({reinterpret_cast<const char*>(digest.data()), 6});
}

std::string read_system_id(const std::filesystem::path& config_path) {
    const auto text = base::read_file(file_beside(config_path));
    const std::string id(text ? base::trim(*text) : std::string_view());
    return is_system_id(id) ? id : std::string();
}

SystemId load_system_id(const std::filesystem::path& config_path) {
    const auto path = file_beside(config_path);
    SystemId id;
    (void)base::end_interrupted_change(path);  // what stays damaged is made anew
    if (const auto text = base::read_file(path)) {
        id.value = std::string(base::trim(*text));
        if (is_system_id(id.value)) return id;
        id.warnings.push_back(
            fmt::format("{} does not hold a system id; it is made anew", path.string()));
    }
    id.value = derive();
    id.created = true;
    auto kept = base::replace_file(path, id.value, 0600);
    if (!kept) {
        id.warnings.push_back(
            fmt::format("the system id is not kept, so GitLab may count this machine twice: {}",
                        kept.error().message));
    }
    return id;
}

}  // namespace runner::config
