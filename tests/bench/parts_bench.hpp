#pragma once

namespace headroom::bench {

/// Prints the time of one change of EventTree and of Boost.Heap's d_ary_heap<4>, by entities.
void event_queues();

/// Prints the time of adding a value to a Histogram and to Boost.Histogram with a logarithmic axis.
void histograms();

/// Processor time of this thread, seconds: what one core worked, whatever else the machine did.
double processor_s();

}  // namespace headroom::bench
