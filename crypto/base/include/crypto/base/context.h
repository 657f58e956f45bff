// Domain separation (docs/formats.md, "Contexts"): every signature, hash and key derivation of ours
// starts with one of these strings and a zero byte, so that bytes made for one use never pass for
// another. A context holds no zero byte, hence no context with its terminator is a prefix of
// another.
#pragma once

#include <string_view>

namespace letterlock::context {

// Identifiers.
inline constexpr std::string_view kDeployment = "letterlock/v1/deployment";
inline constexpr std::string_view kMember = "letterlock/v1/member";
inline constexpr std::string_view kKeyId = "letterlock/v1/key-id";

// Envelope, member side.
inline constexpr std::string_view kWrap = "letterlock/v1/wrap";
inline constexpr std::string_view kContentKey = "letterlock/v1/content-key";
inline constexpr std::string_view kContentCommitment = "letterlock/v1/content-commitment";
inline constexpr std::string_view kMessage = "letterlock/v1/message";
inline constexpr std::string_view kAttachment = "letterlock/v1/attachment";
inline constexpr std::string_view kReport = "letterlock/v1/report";
inline constexpr std::string_view kImport = "letterlock/v1/import";
inline constexpr std::string_view kImportMessage = "letterlock/v1/import-message";
inline constexpr std::string_view kImportThread = "letterlock/v1/import-thread";

// Member keys.
inline constexpr std::string_view kDeviceCertificate = "letterlock/v1/device-certificate";
inline constexpr std::string_view kSession = "letterlock/v1/session";
inline constexpr std::string_view kClientState = "letterlock/v1/client-state";
inline constexpr std::string_view kClientCache = "letterlock/v1/client-cache";
inline constexpr std::string_view kClientCacheTerm = "letterlock/v1/client-cache-term";
inline constexpr std::string_view kRecoveryGroup = "letterlock/v1/recovery-group";
inline constexpr std::string_view kRecoveryKey = "letterlock/v1/recovery-key";
inline constexpr std::string_view kRecoverySession = "letterlock/v1/recovery-session";
inline constexpr std::string_view kKeyringKey = "letterlock/v1/keyring-key";
inline constexpr std::string_view kKeyring = "letterlock/v1/keyring";
inline constexpr std::string_view kKeyringHash = "letterlock/v1/keyring-hash";
inline constexpr std::string_view kRecoveryKeyDigest = "letterlock/v1/recovery-key-digest";

// Directory and maps.
inline constexpr std::string_view kDirectoryEntry = "letterlock/v1/directory-entry";
inline constexpr std::string_view kDirectoryEntryChange = "letterlock/v1/directory-entry-change";
inline constexpr std::string_view kDirectoryEntryHash = "letterlock/v1/directory-entry-hash";
inline constexpr std::string_view kDirectoryErasure = "letterlock/v1/directory-erasure";
inline constexpr std::string_view kRegistrarAttestation = "letterlock/v1/registrar-attestation";
inline constexpr std::string_view kDirectoryPosition = "letterlock/v1/directory-position";
inline constexpr std::string_view kDirectoryCommitment = "letterlock/v1/directory-commitment";
inline constexpr std::string_view kMapValue = "letterlock/v1/map-value";
inline constexpr std::string_view kMapLeaf = "letterlock/v1/map-leaf";
inline constexpr std::string_view kMapNode = "letterlock/v1/map-node";

// At rest, server side of the mail plane.
inline constexpr std::string_view kMailboxKeyWrap = "letterlock/v1/mailbox-key-wrap";
inline constexpr std::string_view kIndexKeyWrap = "letterlock/v1/index-key-wrap";
inline constexpr std::string_view kIndexTag = "letterlock/v1/index-tag";
inline constexpr std::string_view kIndexSeal = "letterlock/v1/index-seal";
inline constexpr std::string_view kRowSeal = "letterlock/v1/row-seal";
inline constexpr std::string_view kRowKey = "letterlock/v1/row-key";
inline constexpr std::string_view kThreadKey = "letterlock/v1/thread-key";
inline constexpr std::string_view kAttachmentRow = "letterlock/v1/attachment-row";
inline constexpr std::string_view kRequestDigest = "letterlock/v1/request-digest";
inline constexpr std::string_view kContactKey = "letterlock/v1/contact-key";

// Tokens of the mail server.
inline constexpr std::string_view kChallenge = "letterlock/v1/challenge";
inline constexpr std::string_view kToken = "letterlock/v1/token";
inline constexpr std::string_view kPageToken = "letterlock/v1/page-token";
inline constexpr std::string_view kSyncToken = "letterlock/v1/sync-token";

}  // namespace letterlock::context
