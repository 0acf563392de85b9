#include "runner/commands/gitlab_session.hpp"

#include "runner/commands/blocking_calls.hpp"

namespace runner::commands {

namespace gitlab = protocol::gitlab;

class GitlabSession::Impl {
  public:
    base::Result<void> connect(const config::RunnerConfig& runner) {
        gitlab::ClientOptions options;
        options.url = runner.url;
        options.tls.ca_file = runner.tls_ca_file;
        options.tls.cert_file = runner.tls_cert_file;
        options.tls.key_file = runner.tls_key_file;
        auto made = gitlab::make_client(calls_.executor(), std::move(options));
        if (!made) return made.error();
        client_ = *made;
        return {};
    }

    gitlab::Client& client() { return *client_; }

    template <typename T>
    base::Result<T> wait(base::Task<base::Result<T>> call) {
        return calls_.wait<T>(std::move(call));
    }

  private:
    BlockingCalls calls_;
    std::shared_ptr<gitlab::Client> client_;
};

GitlabSession::GitlabSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GitlabSession::~GitlabSession() = default;

base::Result<std::unique_ptr<GitlabSession>> GitlabSession::open(
    const config::RunnerConfig& runner) {
    auto impl = std::make_unique<Impl>();
    if (auto connected = impl->connect(runner); !connected) return connected.error();
    return std::unique_ptr<GitlabSession>(new GitlabSession(std::move(impl)));
}

GitlabSession::Answer GitlabSession::register_runner(const base::Secret& registration_token,
                                                     const gitlab::RunnerDescription& description,
                                                     const gitlab::RunnerInfo& info) {
    return impl_->wait<gitlab::TokenAnswer>(
        impl_->client().register_runner(registration_token, description, info));
}

GitlabSession::Answer GitlabSession::create_runner(const base::Secret& access_token,
                                                   const gitlab::RunnerScope& scope,
                                                   const gitlab::RunnerDescription& description) {
    return impl_->wait<gitlab::TokenAnswer>(
        impl_->client().create_runner(access_token, scope, description));
}

GitlabSession::Answer GitlabSession::verify(const base::Secret& token, const std::string& system_id,
                                            const gitlab::RunnerInfo& info) {
    return impl_->wait<gitlab::TokenAnswer>(impl_->client().verify(token, system_id, info));
}

base::Result<void> GitlabSession::unregister(const base::Secret& token,
                                             const std::string& system_id) {
    if (!is_created_token(token)) return delete_runner(token);
    return impl_->wait<void>(impl_->client().unregister_manager(token, system_id));
}

base::Result<void> GitlabSession::delete_runner(const base::Secret& token) {
    return impl_->wait<void>(impl_->client().unregister(token));
}

GitlabSession::Answer GitlabSession::reset_token(const base::Secret& token) {
    return impl_->wait<gitlab::TokenAnswer>(impl_->client().reset_token(token));
}

GitlabSession::Answer GitlabSession::reset_token_of(std::int64_t runner_id,
                                                    const base::Secret& access_token) {
    return impl_->wait<gitlab::TokenAnswer>(
        impl_->client().reset_token_of(runner_id, access_token));
}

bool is_created_token(const base::Secret& token) { return token.reveal().starts_with("glrt-"); }

std::string toml_date(const std::string& iso) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    if (iso.size() <= kShape.size()) return "";
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        const bool digit = iso[i] >= '0' && iso[i] <= '9';
        if (kShape[i] == 'd' ? !digit : iso[i] != kShape[i]) return "";
    }
    std::size_t zone = kShape.size();
    if (iso[zone] == '.') zone = iso.find_first_not_of("0123456789", zone + 1);
    if (zone == std::string::npos) return "";
    std::string offset = iso.substr(zone);
    const bool plain = offset == "Z" || offset == "z";
    const bool numeric = offset.size() == 6 && (offset[0] == '+' || offset[0] == '-') &&
                         offset[3] == ':' &&
                         offset.find_first_not_of("0123456789:", 1) == std::string::npos;
    if (!plain && !numeric) return "";
    return iso.substr(0, kShape.size()) + (plain ? "Z" : offset);
}

}  // namespace runner::commands
