#include "executors/helper/data_marker.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/json.hpp"
#include "base/json_fields.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr std::array<std::string_view, 4> kStates{"starting", "ready", "clean", "damaged"};
constexpr std::size_t kMostShown = 60;
constexpr int kMostStarts = 2;

std::optional<DataState> state_of(const std::string& name) {
    const auto found = std::find(kStates.begin(), kStates.end(), name);
    if (found == kStates.end()) return std::nullopt;
    return static_cast<DataState>(found - kStates.begin());
}

/// A long option of dockerd, its short form ("" for none) and the key of daemon.json.
struct StorageOption {
    std::string_view name;
    std::string_view brief;
    const char* key;
};
constexpr std::array<StorageOption, 3> kOptions{{{"--storage-driver", "-s", "storage-driver"},
                                                 {"--data-root", "-g", "data-root"},
                                                 {"--userns-remap", "", "userns-remap"}}};
constexpr std::string_view kDataRoot = "data-root=";
constexpr std::string_view kRemap = "userns-remap=";

/// The last value that the arguments give the option.
std::string value_in(const std::vector<std::string>& words, const StorageOption& option) {
    std::string value;
    const std::string assigned = std::string(option.name) + "=";
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool named =
            words[i] == option.name || (!option.brief.empty() && words[i] == option.brief);
        if (named && i + 1 < words.size()) value = words[i + 1];
        if (words[i].rfind(assigned, 0) == 0) value = words[i].substr(assigned.size());
    }
    return value;
}

}  // namespace

std::optional<DataMarker> parse_marker(const std::string& text) {
    const Json value = base::parse_foreign_json(text);
    if (!value.is_object() || value.value("format", Json()) != kFormat) return std::nullopt;
    const auto state = state_of(base::text_at(value, "state"));
    if (!state) return std::nullopt;
    const Json starts = value.value("starts", Json());
    return DataMarker{*state,
                      starts.is_number_integer() ? starts.get<int>() : kMostStarts,
                      base::text_at(value, "boot"),
                      {base::text_at(value, "program"), base::text_at(value, "version"),
                       base::text_at(value, "store")}};
}

std::string dump_marker(const DataMarker& marker) {
    return base::dump_json(
        Json{{"format", kFormat},
             {"state", std::string(kStates[static_cast<std::size_t>(marker.state)])},
             {"starts", marker.starts},
             {"boot", marker.boot},
             {"program", marker.engine.program},
             {"version", marker.engine.version},
             {"store", marker.engine.store}});
}

std::string why_not_again(const DataMarker& marker, const EngineStamp& engine,
                          const std::string& boot) {
    if (marker.state == DataState::kStarting && marker.starts >= kMostStarts)
        return "the last jobs here ended before their engines were ready";
    if (marker.state == DataState::kDamaged) return "the builder did not start with the kept data";
    if (marker.state != DataState::kClean && marker.boot != boot)
        return "the machine stopped while a job used the kept data";
    if (marker.engine.version != engine.version) {
        return "the engine has changed from \"" + as_shown(marker.engine.version, kMostShown) +
               "\" to \"" + as_shown(engine.version, kMostShown) + "\"";
    }
    if (marker.engine.store != engine.store) return "the settings of the engine's storage changed";
    return {};
}

std::string storage_settings(const std::string& daemon_json, const std::vector<std::string>& words,
                             const std::string& driver_variable) {
    const Json file = base::parse_foreign_json(daemon_json);
    std::string settings;
    const auto add = [&settings](const std::string& name, const std::string& value) {
        if (!value.empty()) settings += name + "=" + value + "\n";
    };
    for (const auto& option : kOptions) {
        std::string value = value_in(words, option);
        if (value.empty() && file.is_object()) value = base::text_at(file, option.key);
        add(option.key, value);
    }
    if (file.is_object() && file.contains("features") && file["features"].is_object()) {
        const auto& features = file["features"];
        const auto found = features.find("containerd-snapshotter");
        if (found != features.end()) add("containerd-snapshotter", base::dump_json(*found));
    }
    add("DOCKER_DRIVER", driver_variable);
    return settings;
}

std::string setting_elsewhere(const std::string& storage_settings) {
    const std::string text = "\n" + storage_settings;
    for (const auto name : {kDataRoot, kRemap}) {
        const auto at = text.find("\n" + std::string(name));
        if (at == std::string::npos) continue;
        const auto from = at + 1 + name.size();
        const std::string value = text.substr(from, text.find('\n', from) - from);
        if (name == kDataRoot && (value == "/var/lib/docker" || value == "/var/lib/docker/"))
            continue;
        return std::string(name.substr(0, name.size() - 1));
    }
    return {};
}

std::string as_shown(const std::string& text, std::size_t limit) {
    std::string shown;
    for (const char c : text) {
        if (shown.size() == limit) break;
        shown += c >= ' ' && c <= '~' ? c : '?';
    }
    return shown;
}

}  // namespace executors::helper
