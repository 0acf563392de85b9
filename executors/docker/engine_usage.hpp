#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace executors::docker {

/// Keeps, beyond the life of the daemon, when jobs last used what they leave on an engine, and
/// which images the runner has pulled. `engine` is EngineInfo::id. Calls return at once and do not
/// fail: what cannot be written is missing later. Strand: the I/O thread.
class UsageLog {
  public:
    virtual ~UsageLog() = default;
    virtual void volume_used(const std::string& engine, const std::string& volume) = 0;
    /// Any image that a job uses, pulled by the runner or not.
    virtual void image_used(const std::string& engine, const std::string& image_id) = 0;
    /// The engine did not have the image before. `name`: canonical_image_name().
    virtual void image_pulled(const std::string& engine, const std::string& image_id,
                              const std::string& name) = 0;
};

/// "docker.io/library/alpine:3" for "alpine:3", "" for what is no image name. With a digest, the
/// tag does not count. Pure.
std::string canonical_image_name(std::string_view name);

/// What the running jobs use on one engine. It is held, so that nobody removes it between two steps
/// of a job; and it is told to the log, at the begin and at the end of each use.
///
/// Life: that of the engine's connection. Strand: the I/O thread. `user` is any text that one job
/// has and no other.
class EngineUsage {
  public:
    struct Used {
        std::set<std::string> volumes;
        std::set<std::string> images;
    };
    using Users = std::map<std::string, Used>;
    /// Of all connections of the process, by EngineInfo::id.
    using ByEngine = std::map<std::string, std::shared_ptr<Users>>;

    /// Connections that reach one engine by different addresses hold for each other. Before
    /// set_engine().
    void share(std::shared_ptr<ByEngine> uses) { shared_ = std::move(uses); }
    /// Without this call nothing is kept beyond the daemon.
    void record_to(std::shared_ptr<UsageLog> log) { log_ = std::move(log); }
    /// EngineInfo::id; until then nothing is recorded.
    void set_engine(std::string id);
    [[nodiscard]] const std::string& engine() const { return engine_; }

    void use_volume(const std::string& user, const std::string& volume);
    void use_image(const std::string& user, const std::string& image_id);
    void note_pull(const std::string& image_id, const std::string& name);
    /// The job is over.
    void release(const std::string& user);

    [[nodiscard]] Used used_by(const std::string& user) const;
    [[nodiscard]] bool holds_volume(const std::string& volume) const;
    [[nodiscard]] bool holds_image(const std::string& image_id) const;

  private:
    void record(const Used& used);

    std::shared_ptr<UsageLog> log_;
    std::string engine_;
    std::shared_ptr<ByEngine> shared_ = std::make_shared<ByEngine>();
    std::shared_ptr<Users> users_ = std::make_shared<Users>();
};

}  // namespace executors::docker
