#pragma once
#include <stdbool.h>

// Sets the clock that librdkafka asks: so many seconds ahead of the machine's.
void omni_set_clock_ahead(long seconds);

// Begins a wait of a second by that clock, an hour ahead; sets it right while that lasts, and wakes who waits for nothing.
void omni_begin_wait(void);

// Whether that wait is over.
bool omni_wait_is_over(void);
