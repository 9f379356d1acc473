#include "file_uses.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "messages.hpp"

namespace headroom::tools {
namespace {

namespace fs = std::filesystem;

void add_file(const std::string& path, const std::string& base_directory,
              std::vector<FileUse>& files) {
  files.push_back({path, "a file that the scenario reads"});
  if (!fs::path(path).is_absolute()) {
    files.push_back({(fs::path(base_directory) / path).string(), files.back().what});
  }
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

bool same_file(const FileUse& a, const FileUse& b) {
  for (const FileUse* use : {&a, &b}) {
    if (use->path.empty() || use->path == "-") return false;
  }
  std::error_code ignored;
  const fs::path place = fs::weakly_canonical(a.path, ignored);
  if (place != fs::weakly_canonical(b.path, ignored)) return false;
  return !fs::exists(place, ignored) || fs::is_regular_file(place, ignored);
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
