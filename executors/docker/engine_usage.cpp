#include "executors/docker/engine_usage.hpp"

#include <algorithm>

#include "executors/docker/docker_reference.hpp"

namespace executors::docker {

std::string canonical_image_name(std::string_view name) {
    const auto reference = parse_reference(name);
    if (!reference || reference->is_id) return {};
    const std::string path = reference->host + "/" + reference->path;
    if (!reference->digest.empty()) return path + "@" + reference->digest;
    return path + ":" + (reference->tag.empty() ? "latest" : reference->tag);
}

void EngineUsage::set_engine(std::string id) {
    if (id == engine_) return;
    // Another engine answers at this address: the jobs of the former one cannot go on.
    if (!engine_.empty()) users_ = std::make_shared<Users>();
    engine_ = std::move(id);
    auto& known = (*shared_)[engine_];
    if (known) {
        known->merge(*users_);
        users_ = known;
    } else {
        known = users_;
    }
}

void EngineUsage::use_volume(const std::string& user, const std::string& volume) {
    if (!(*users_)[user].volumes.insert(volume).second) return;
    record({.volumes = {volume}, .images = {}});
}

void EngineUsage::use_image(const std::string& user, const std::string& image_id) {
    if (!(*users_)[user].images.insert(image_id).second) return;
    record({.volumes = {}, .images = {image_id}});
}

void EngineUsage::note_pull(const std::string& image_id, const std::string& name) {
    const std::string canonical = canonical_image_name(name);
    if (log_ && !engine_.empty() && !canonical.empty())
        log_->image_pulled(engine_, image_id, canonical);
}

void EngineUsage::release(const std::string& user) {
    const auto found = users_->find(user);
    if (found == users_->end()) return;
    record(found->second);
    users_->erase(found);
}

void EngineUsage::record(const Used& used) {
    if (!log_ || engine_.empty()) return;
    for (const auto& volume : used.volumes) log_->volume_used(engine_, volume);
    for (const auto& image : used.images) log_->image_used(engine_, image);
}

EngineUsage::Used EngineUsage::used_by(const std::string& user) const {
    const auto found = users_->find(user);
    return found == users_->end() ? Used{} : found->second;
}

bool EngineUsage::holds_volume(const std::string& volume) const {
    return std::any_of(users_->begin(), users_->end(),
                       [&](const auto& user) { return user.second.volumes.contains(volume); });
}

bool EngineUsage::holds_image(const std::string& image_id) const {
    return std::any_of(users_->begin(), users_->end(),
                       [&](const auto& user) { return user.second.images.contains(image_id); });
}

}  // namespace executors::docker
