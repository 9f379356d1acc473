#pragma once

#include <cstdint>

namespace headroom {

/// Index of a request class in the scenario's `classes`.
enum class ClassId : std::uint32_t {};
/// Index of a pool in the fleet's `pools`.
enum class PoolId : std::uint32_t {};
/// Index of a replica inside its pool, inside its cell.
enum class ReplicaId : std::uint32_t {};
/// Number of a request inside its cell, in order of (arrival, class); the first is 0.
enum class RequestId : std::uint64_t {};

constexpr std::uint32_t index(ClassId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(PoolId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(ReplicaId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint64_t index(RequestId id) { return static_cast<std::uint64_t>(id); }

}  // namespace headroom
