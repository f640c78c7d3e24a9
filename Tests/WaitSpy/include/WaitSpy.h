#pragma once

// How often this thread has waited until a time of the day.
unsigned omni_waits_by_the_day(void);
