# The two planes share no library that opens rows or envelopes, nor each other's servers: no channel.
# Stated here once for the whole of each plane, on top of what each target says of itself.

letterlock_plane(
  NAME public
  FOLDERS attest server/log server/directory server/export client/audit client/log_files
  TARGETS letterlock-admin
  NEVER crypto_seal crypto_vault server_mail mail_v1_proto mail_v1_grpc)

letterlock_plane(
  NAME private
  FOLDERS server/mail client/admin/mailadmin
  NEVER server_log server_directory server_export crypto_seal)

# What a member's client holds is not the servers' to link, nor the servers' code the client's.
letterlock_plane(
  NAME member
  FOLDERS client/library client/cli
  NEVER crypto_vault server_engine server_engine_rocksdb server_log server_directory server_mail)

# Small libraries below both planes see neither.
letterlock_plane(
  NAME shared
  FOLDERS crypto/base crypto/hpke server/engine server/command_docs server/config server/tls server/rpc server/confine server/metrics server/daemon client/admin/common client/admin/doctor
  NEVER crypto_seal crypto_vault attest server_log server_directory server_mail client_library)

# Named above or by a target's NEVER before they are in the tree; take a name out when it lands.
letterlock_planned(server_export)
