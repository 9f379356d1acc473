#include "file_uses.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "messages.hpp"

namespace headroom::tools {
namespace {

namespace fs = std::filesystem;

/// Beside the scenario; where it is not there, a user may mean the current directory.
void add_file(const std::string& path, const std::string& base_directory,
              std::vector<FileUse>& files) {
  std::error_code ignored;
  const std::string beside =
      fs::path(path).is_absolute() ? path : (fs::path(base_directory) / path).string();
  files.push_back({fs::exists(beside, ignored) ? beside : path, "a file that the scenario reads"});
}

/// `named`: the value stands under a key whose text is a file's path.
void add_files(const nlohmann::json& value, bool named, const std::string& base_directory,
               std::vector<FileUse>& files) {
  if (value.is_string() && named) add_file(value, base_directory, files);
  if (!value.is_structured()) return;
  for (const auto& [key, item] : value.items()) {
    const bool is_file = value.is_array() ? named : key == "path" || key == "kernel_file";
    add_files(item, is_file, base_directory, files);
  }
}

/// By what the paths lead to, links of both kinds too.
bool same_file(const FileUse& a, const FileUse& b) {
  for (const FileUse* use : {&a, &b}) {
    if (use->path.empty() || use->path == "-") return false;
  }
  std::error_code failed;
  const bool there = fs::exists(a.path, failed);
  if (there != fs::exists(b.path, failed)) return false;
  if (there) return fs::is_regular_file(a.path, failed) && fs::equivalent(a.path, b.path, failed);
  const auto place = [](const std::string& path) {
    std::error_code none;
    return fs::weakly_canonical(fs::absolute(path, none), none);
  };
  return !place(a.path).empty() && place(a.path) == place(b.path);
}

void refuse(const FileUse& a, const FileUse& b) {
  if (!same_file(a, b)) return;
  throw UsageError("'" + b.path + "' is both " + a.what + " and " + b.what + ": give another file");
}

}  // namespace

std::vector<FileUse> files_of(const LoadedScenario& loaded) {
  std::vector<FileUse> files;
  const json::Document& document = loaded.document;
  add_files(nlohmann::json::parse(document.dump()), false, loaded.base_directory, files);
  for (const std::string& file : loaded.scenario.catalogue_files) {
    add_file(file, loaded.base_directory, files);
  }
  return files;
}

void refuse_overlaps(const std::vector<FileUse>& reads, const std::vector<FileUse>& writes) {
  for (std::size_t i = 0; i < writes.size(); ++i) {
    for (const FileUse& read : reads) refuse(read, writes[i]);
    for (std::size_t j = 0; j < i; ++j) refuse(writes[j], writes[i]);
  }
}

}  // namespace headroom::tools
