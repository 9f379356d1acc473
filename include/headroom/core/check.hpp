#pragma once

/// HEADROOM_CHECK(condition, "what should have held") stops the program at once with file, line and
/// text when our own promise is broken; it stays on in release builds, for cold places.
/// HEADROOM_DCHECK is the same for hot places and is compiled out when NDEBUG is defined.
/// A user's input can never trigger either: wrong input is an InputError.

namespace headroom {

[[noreturn, gnu::cold]] void check_failed(const char* condition, const char* meaning,
                                          const char* file, int line);

}  // namespace headroom

#define HEADROOM_CHECK(condition, meaning) \
  ((condition) ? static_cast<void>(0)      \
               : ::headroom::check_failed(#condition, meaning, __FILE__, __LINE__))

#ifdef NDEBUG
#define HEADROOM_DCHECK(condition, meaning) static_cast<void>(sizeof(condition))
#else
#define HEADROOM_DCHECK(condition, meaning) HEADROOM_CHECK(condition, meaning)
#endif
