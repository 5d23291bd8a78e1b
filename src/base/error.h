#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace mayfly {

// Everything that can go wrong for a reason outside our code. Each value has one entry in the catalogue of
// error.cc: its HTTP status, the stable slug of its problem type, and the page that says what to do.
enum class ErrorCode {
  // What was uploaded
  kNotWasm,
  kBadModule,
  kNoEntryPoint,
  kUnknownImport,
  kUnsupportedType,
  kOverPoolLimit,
  kBadName,
  kReservedName,
  kBadOption,
  kBadMultipart,
  kBadBundle,
  kBadMetadata,
  kBadPipeline,
  kBadComposition,
  kUnknownLanguage,
  kBadSource,
  // What a function did
  kTrap,
  kExitCode,
  kOutOfMemory,
  kTooSlow,
  kResponseTooLarge,
  kNoSuchExport,
  kNoCgiHeaders,
  kBadCgi,
  kNoResponse,
  kBadResponse,
  kFunctionError,
  kException,
  kNoJson,
  kBrokenPipeline,
  // What a client asked for
  kUnknownFunction,
  kUnknownVersion,
  kNotFound,
  kMethodNotAllowed,
  kBadRequest,
  kUriTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kRequestTimeout,
  kUnsupportedMediaType,
  kExpectationFailed,
  kNotImplemented,
  kHttpVersion,
  kForeignOrigin,
  kForeignHost,
  kTokenNeeded,
  kTooManyRequests,
  kNewCapabilities,
  kBadJson,
  kBadArgument,
  // What it asked of buckets and files
  kBadBucketName,
  kBadFileName,
  kUnknownBucket,
  kUnknownFile,
  kBucketExists,
  kBucketNotEmpty,
  // What the server could not do
  kOverloaded,
  kServerMemory,
  kVolume,
  kStorage,
  kStoreAway,
  kStoreRefused,
  kStoreDamaged,
  kInternal,
  // Why it did not start
  kBadConfig,
  kPortInUse,
  kDataInUse,
  kDataNotWritable,
  kDataTooNew,
};

struct Error {
  ErrorCode code;
  std::string message;  // one sentence for the person who can mend it: what was wrong, and where
};

struct ErrorEntry {
  ErrorCode code;
  int status;               // HTTP status
  std::string_view slug;    // the problem type is /_mayfly/errors/<slug>
  std::string_view title;   // the same for every occurrence (RFC 9457 section 3.1.3)
  std::string_view advice;  // what to do, for the page behind the type
};

const ErrorEntry& describe(ErrorCode code);
std::span<const ErrorEntry> error_catalogue();

}  // namespace mayfly
