#include "runner/migrate/volume_adoption.hpp"

#include <set>

#include "base/parse.hpp"

namespace runner::migrate {

namespace {

constexpr std::string_view kPrefix = "runner-";
constexpr std::size_t kPrefixLength = kPrefix.size() + 32;
constexpr std::string_view kCache = "-cache-";
/// As many jobs of one project at once as are looked for.
constexpr int kMostSlots = 256;

/// "runner-<32 hex>" of a cache volume's name, "" for any other volume.
std::string prefix_of(const std::string& name) {
    const std::string_view text(name);
    if (!text.starts_with(kPrefix) || text.size() < kPrefixLength + kCache.size()) return "";
    const auto hash = text.substr(kPrefix.size(), kPrefixLength - kPrefix.size());
    const bool hex = hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!hex || text.substr(kPrefixLength, kCache.size()) != kCache) return "";
    return name.substr(0, kPrefixLength);
}

std::string label(const std::map<std::string, std::string>& labels, std::string_view name) {
    const auto found = labels.find("com.gitlab.gitlab-runner." + std::string(name));
    return found == labels.end() ? std::string() : found->second;
}

struct Slots {
    std::set<std::int64_t> projects;
    std::map<std::string, std::vector<std::string>> names;  ///< of volumes, by prefix
};

Slots group(const config::RunnerConfig& runner, const EngineVolumes& volumes) {
    Slots slots;
    const std::string short_token = config::short_token(runner.token);
    for (const auto& [name, labels] : volumes) {
        const std::string prefix = prefix_of(name);
        if (prefix.empty() || label(labels, "runner.id") != short_token) continue;
        slots.names[prefix].push_back(name);
        if (const auto id = base::parse_number<std::int64_t>(label(labels, "project.id")))
            slots.projects.insert(*id);
    }
    return slots;
}

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

VolumePlan plan_volumes(const config::RunnerConfig& runner, const std::string& system_id,
                        const EngineVolumes& volumes) {
    VolumePlan plan;
    Slots found = group(runner, volumes);
    for (const std::int64_t project : found.projects) {
        for (int slot = 0; slot < kMostSlots; ++slot) {
            const std::string official =
                journal::volume_prefix(runner.token.reveal(), system_id, project, slot);
            const std::string ours =
                journal::volume_prefix(config::runner_identity(runner), system_id, project, slot);
            const auto theirs = found.names.find(official);
            const bool is_new = ours == official || !found.names.contains(ours);
            if (theirs != found.names.end() && is_new) {
                plan.slots.push_back(
                    {project, slot, ours, official, static_cast<int>(theirs->second.size())});
            } else if (theirs != found.names.end()) {
                append(plan.replaced, theirs->second);
            }
            found.names.erase(official);
            found.names.erase(ours);
        }
    }
    for (const auto& [prefix, names] : found.names) append(plan.of_another_token, names);
    return plan;
}

void adopt(const VolumePlan& plan, journal::AdoptedVolumes& adopted) {
    for (const AdoptedSlot& slot : plan.slots) {
        if (slot.prefix != slot.official_prefix) adopted.adopt(slot.prefix, slot.official_prefix);
    }
}

}  // namespace runner::migrate
