#include <algorithm>
#include <iterator>

#include "headroom/workload/compiled.hpp"
#include "rate_compile.hpp"

namespace headroom {
namespace {

// Requests per hour relative to the week's mean (Azure), or to the day's (BurstGPT), hours of UTC
// (BurstGPT: local time of the campus). Weeks begin on Monday 00:00, 24 values a day.

/// Conversation service, one week of May 2024. The published plot was read off and scaled to the
/// exact weekly count; the area under the read-off curve is within 1 % of it.
/// Source: AzureLLMInferenceDataset2024, github.com/Azure/AzurePublicDataset (CC-BY 4.0).
constexpr double kAzureConversation[] = {
    0.9734, 1.0961, 1.1012, 0.9085, 0.9163, 0.9947, 1.1341, 1.2068, 1.2697, 1.1811, 1.1629, 1.2365,
    1.3302, 1.4851, 1.6565, 1.5474, 1.3573, 1.281,  1.2602, 1.2396, 1.1683, 0.9406, 0.9196, 0.9714,
    1.0786, 1.1222, 1.1521, 0.9375, 0.9463, 1.008,  1.1709, 1.3008, 1.2758, 1.2483, 1.1679, 1.2731,
    1.4461, 1.546,  1.6502, 1.5525, 1.4293, 1.3366, 1.4157, 1.3035, 1.1763, 1.042,  0.8932, 0.8516,
    0.9987, 1.0799, 1.0329, 0.8621, 0.8998, 0.9707, 1.107,  1.1938, 1.2162, 1.2342, 1.1274, 1.1895,
    1.3522, 1.4782, 1.5068, 1.4344, 1.2985, 1.2274, 1.2751, 1.2035, 1.0468, 0.7999, 0.7603, 0.8532,
    0.9964, 1.1442, 1.0925, 0.9169, 0.9041, 0.999,  1.2196, 1.2768, 1.3859, 1.3174, 1.0532, 1.1109,
    1.2717, 1.4797, 1.5224, 1.3404, 1.2538, 1.2399, 1.2311, 1.1222, 1.0045, 0.8833, 0.7769, 0.8689,
    1.0336, 1.1036, 1.0705, 0.8809, 0.9142, 1.0126, 1.116,  1.2189, 1.1848, 1.1836, 1.0478, 1.064,
    1.176,  1.2855, 1.2947, 1.2233, 1.1271, 1.1111, 0.9778, 0.9154, 0.8587, 0.7268, 0.5995, 0.5767,
    0.5824, 0.6196, 0.6419, 0.5229, 0.5264, 0.5581, 0.5642, 0.6156, 0.6476, 0.5675, 0.6392, 0.6972,
    0.7735, 0.7698, 0.8433, 0.8537, 0.8168, 0.7564, 0.689,  0.6582, 0.6855, 0.6396, 0.5794, 0.5422,
    0.5618, 0.5919, 0.5652, 0.5027, 0.4718, 0.4809, 0.4991, 0.5699, 0.5713, 0.5532, 0.5496, 0.6264,
    0.6422, 0.8063, 0.7519, 0.7943, 0.7302, 0.76,   0.7728, 0.7119, 0.6873, 0.6761, 0.6401, 0.7671};

/// Coding service of the same data set, same week, read off in the same way.
constexpr double kAzureCoding[] = {
    0.6608, 0.6692, 0.6642, 0.5807, 0.503,  0.394,  0.3241, 0.3172, 0.2913, 0.2913, 0.2936, 0.4607,
    0.7718, 1.443,  2.0427, 2.2944, 2.1835, 2.4701, 2.7138, 2.8014, 2.5857, 2.01,   1.574,  1.1143,
    1.0105, 1.0532, 0.9367, 0.6481, 0.5343, 0.4288, 0.355,  0.2857, 0.2694, 0.3179, 0.334,  0.5058,
    0.9493, 1.723,  2.4161, 2.4076, 2.1287, 2.6451, 2.9708, 2.9562, 2.6896, 1.9246, 1.4237, 1.0996,
    0.9945, 0.8992, 0.8164, 0.7482, 0.556,  0.441,  0.3975, 0.3154, 0.3111, 0.276,  0.3538, 0.4892,
    0.8924, 1.5717, 2.0996, 2.3087, 2.3732, 2.5857, 2.9178, 3.0076, 2.8894, 2.078,  1.3452, 1.0705,
    0.9233, 0.8197, 0.8621, 0.6846, 0.5288, 0.4564, 0.4212, 0.3309, 0.3089, 0.3222, 0.3284, 0.5113,
    0.992,  1.4608, 2.167,  2.2944, 2.2184, 2.5837, 2.8486, 2.8869, 2.5574, 1.8535, 1.3315, 1.0427,
    0.7731, 0.786,  0.6865, 0.5805, 0.4626, 0.397,  0.3293, 0.2956, 0.2554, 0.2875, 0.2981, 0.3989,
    0.713,  1.1924, 1.757,  1.9675, 1.7978, 2.0477, 2.1126, 2.1703, 2.0836, 1.5597, 1.128,  0.7576,
    0.6073, 0.5563, 0.4818, 0.4737, 0.3925, 0.3142, 0.2659, 0.1908, 0.1429, 0.1187, 0.0984, 0.1707,
    0.2616, 0.3544, 0.4282, 0.4694, 0.5183, 0.5833, 0.6203, 0.6345, 0.5624, 0.5164, 0.5714, 0.4904,
    0.4812, 0.5077, 0.4662, 0.4397, 0.3779, 0.3073, 0.24,   0.1571, 0.1249, 0.1242, 0.1293, 0.1453,
    0.2149, 0.2826, 0.363,  0.4348, 0.4682, 0.47,   0.5497, 0.5677, 0.6432, 0.674,  0.6178, 0.6104};

/// Median day of ChatGPT conversations on a campus, local time.
/// Source: BurstGPT, github.com/HPMLL/BurstGPT, README figure 2, read off by eye.
constexpr double kBurstGptDay[] = {0.5735, 0.3416, 0.2074, 0.0976, 0.0854, 0.0732, 0.0732, 0.0732,
                                   0.2562, 1.3055, 1.9156, 1.9278, 0.8297, 1.1347, 1.8912, 2.2572,
                                   2.2938, 1.6228, 0.9395, 1.2323, 1.4398, 1.3421, 1.1591, 0.9273};

}  // namespace

std::vector<double> profile_values(const std::string& name) {
  if (name == "flat") return std::vector<double>(24, 1.0);
  if (name == "azure-conversation-week") {
    return {std::begin(kAzureConversation), std::end(kAzureConversation)};
  }
  if (name == "azure-coding-week") return {std::begin(kAzureCoding), std::end(kAzureCoding)};
  if (name == "burstgpt-day") return {std::begin(kBurstGptDay), std::end(kBurstGptDay)};
  return {};
}

const std::vector<NamedSource>& profiles() {
  static const std::vector<NamedSource> kProfiles{
      {"flat", "the same rate at every hour", ""},
      {"azure-conversation-week", "Azure conversation service, by hour of the week, UTC",
       "AzureLLMInferenceDataset2024 (CC-BY 4.0), digitised plot scaled to the weekly count"},
      {"azure-coding-week", "Azure coding service, by hour of the week, UTC",
       "AzureLLMInferenceDataset2024 (CC-BY 4.0), digitised plot scaled to the weekly count"},
      {"burstgpt-day", "ChatGPT conversations on a campus, median day, local time",
       "BurstGPT, figures of the data set's README"}};
  return kProfiles;
}

}  // namespace headroom
