// One function for each command. Each prints its own output and returns the exit code.
#pragma once

#include <string>
#include <string_view>

#include "client/message.h"
#include "options.h"
#include "output.h"

namespace letterlock::cli {

inline constexpr std::string_view kHandleRule =
    "A handle has 2 to 63 characters: a to z, 0 to 9, and after the first also '.', '_' and '-'.";

struct CreateOptions {
  std::string handle;
  std::string kit_file;     // --recovery-kit; "": printed
  std::string attestation;  // base64; "": none
};

struct TextOptions {
  std::string subject;
  bool has_subject = false;
  std::string body;
  bool has_body = false;
  std::string body_file;  // neither this nor a body: standard input
  bool html = false;
};

struct SendOptions {
  std::string handle;
  TextOptions text;
};

struct ListOptions {
  client::Folder folder = client::Folder::kInbox;
  std::size_t most = 50;
};

struct ReadOptions {
  std::string id;
};

struct ReplyOptions {
  std::string id;
  TextOptions text;
};

ExitCode AccountCreate(const CommonOptions& common, const CreateOptions& options, Output& output);
ExitCode AccountShow(const CommonOptions& common, Output& output);
ExitCode Lookup(const CommonOptions& common, const std::string& handle, Output& output);
ExitCode Send(const CommonOptions& common, const SendOptions& options, Output& output);
ExitCode List(const CommonOptions& common, const ListOptions& options, Output& output);
ExitCode Read(const CommonOptions& common, const ReadOptions& options, Output& output);
ExitCode Reply(const CommonOptions& common, const ReplyOptions& options, Output& output);

}  // namespace letterlock::cli
