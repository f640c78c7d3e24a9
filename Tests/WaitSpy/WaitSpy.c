#define _GNU_SOURCE
#include "WaitSpy.h"
#include <dlfcn.h>
#include <threads.h>
#include <time.h>

// Stands before the C library's own in whatever the tests load: librdkafka waits by it, and it knows no clock but CLOCK_REALTIME.

static _Thread_local unsigned waits;

unsigned omni_waits_by_the_day(void) { return waits; }

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
    static int (*next)(cnd_t *, mtx_t *, const struct timespec *);
    if (!next) next = (int (*)(cnd_t *, mtx_t *, const struct timespec *))dlsym(RTLD_NEXT, "cnd_timedwait");
    waits++;
    return next(condition, mutex, until);
}
