#pragma once

#include <memory>
#include <string>

#include "protocol/cloud_identity/oauth_token.hpp"
#include "protocol/object_storage/v4.hpp"

namespace protocol::cloud_identity {

/// The file of Google's Application Default Credentials: GOOGLE_APPLICATION_CREDENTIALS, else that
/// of gcloud where it exists; "" for none.
std::string google_credentials_file(const Variables& variable);

/// What the metadata server says of the machine's service account stands below this address, which
/// ends with a slash.
std::string google_metadata_address(const Variables& variable);

/// The key in the text of a credentials file of the type "service_account". kNotFound for a file of
/// another type that has an identity (authorized_user, external_account), which gives tokens;
/// kInvalidInput for everything else. Pure.
base::Result<object_storage::GoogleKey> google_key_in(const std::string& text);

/// Tokens of Google for `scope`, from a credentials file of the type "authorized_user" or
/// "external_account" (workload identity federation, google_subject.hpp);
/// with "" in place of the file, those of the machine's service account (metadata server;
/// GCE_METADATA_HOST).
std::unique_ptr<TokenSource> make_google_identity(Surroundings surroundings, std::string file,
                                                  std::string scope);

}  // namespace protocol::cloud_identity
