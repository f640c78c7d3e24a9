#define _GNU_SOURCE
#include "WaitSpy.h"
#include <stdatomic.h>
#include <threads.h>
#include <time.h>

static atomic_long ahead;

void omni_set_clock_ahead(long seconds) { ahead = seconds; }

// Stands before the C library's own in whatever the tests load: of all that waits, librdkafka alone asks the time of the day by it.
int timespec_get(struct timespec *time, int base) {
    if (base != TIME_UTC || clock_gettime(CLOCK_REALTIME, time)) return 0;
    time->tv_sec += ahead;
    return base;
}

static mtx_t mutex;
static cnd_t begun, condition;
static bool has_begun;
static atomic_bool is_over;

static int wait_a_second(void *unused) {
    (void)unused;
    mtx_lock(&mutex);
    struct timespec until;
    timespec_get(&until, TIME_UTC);
    until.tv_sec++;
    has_begun = true;
    cnd_signal(&begun);
    // As librdkafka does: until then, however often it is woken for what isn't there.
    while (cnd_timedwait(&condition, &mutex, &until) == thrd_success) {}
    mtx_unlock(&mutex);
    is_over = true;
    return 0;
}

void omni_begin_wait(void) {
    mtx_init(&mutex, mtx_plain);
    cnd_init(&begun);
    cnd_init(&condition);
    omni_set_clock_ahead(3600);
    mtx_lock(&mutex);
    thrd_t waiting;
    thrd_create(&waiting, wait_a_second, NULL);
    thrd_detach(waiting);
    while (!has_begun) cnd_wait(&begun, &mutex);
    // It gave the mutex up: it waits.
    omni_set_clock_ahead(0);
    cnd_broadcast(&condition);
    mtx_unlock(&mutex);
}

bool omni_wait_is_over(void) { return is_over; }
