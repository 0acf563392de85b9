#include "runner/collector/report.hpp"

#include "base/clock.hpp"

namespace runner::collector {

using nlohmann::ordered_json;

namespace {

ordered_json to_json(const Row& row) {
    const Item& item = row.item;
    ordered_json made{{"kind", to_string(item.kind)}, {"name", item.name},
                      {"title", item.title},          {"bytes", nullptr},
                      {"last_used", nullptr},         {"action", to_string(row.action)},
                      {"reason", row.reason}};
    if (item.bytes) made["bytes"] = *item.bytes;
    if (item.last_used_unix_micros != 0)
        made["last_used"] = base::rfc3339_utc(item.last_used_unix_micros / 1'000'000);
    return made;
}

ordered_json to_json(const PlaceReport& report) {
    ordered_json items = ordered_json::array();
    for (const Row& row : report.rows) items.push_back(to_json(row));
    return {{"place", report.place},
            {"path", report.disk.path},
            {"free_bytes", report.disk.free_bytes},
            {"bytes", report.disk.size_bytes},
            {"free_inodes", report.disk.free_inodes},
            {"inodes", report.disk.inodes},
            {"problem", report.problem},
            {"failed", report.failed},
            {"removed", report.removed},
            {"removed_bytes", report.removed_bytes},
            {"items", std::move(items)}};
}

}  // namespace

ordered_json report_json(const std::vector<PlaceReport>& reports, const Wish& wish) {
    ordered_json places = ordered_json::array();
    for (const PlaceReport& report : reports) places.push_back(to_json(report));
    return {{"dry_run", wish.dry_run}, {"places", std::move(places)}};
}

}  // namespace runner::collector
