#define _GNU_SOURCE
#include "CSteady.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

// librdkafka waits with cnd_timedwait, in all its threads and in ours that call it. C11 has it wait until a time of the day, so where that
// is set back by an hour, whatever waited for a moment waits for an hour: retries of transactions, heartbeats, the next attempt to reach a
// broker. Nobody can wake all of them from outside: a thread without a connection hears of nothing before its time.
//
// So this function stands before the C library's own, of the same name: the dynamic linker asks the program first. It turns the time of the
// day into one of the monotonic clock, which nobody sets, and lets the C library wait until then. Its C11 conditions and mutexes are POSIX'
// (glibc 2.28 and later, where cnd_timedwait is pthread_cond_timedwait).

enum { second = 1000000000 };

// The last wait of this thread. Who was woken for nothing waits on, until the same moment: by then that time of the day may be another.
static _Thread_local struct {
    struct timespec given, end;
} last;

static struct timespec end_of(const struct timespec *until) {
    struct timespec day, end;
    // As librdkafka asks for it.
    timespec_get(&day, TIME_UTC);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t seconds = (int64_t)until->tv_sec - day.tv_sec;
    int64_t rest = (int64_t)until->tv_nsec - day.tv_nsec;
    if (seconds < 0 || (seconds == 0 && rest < 0)) return end;
    rest += end.tv_nsec + second;
    end.tv_sec += seconds + rest / second - 1;
    end.tv_nsec = rest % second;
    return end;
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until) {
    if (until->tv_sec != last.given.tv_sec || until->tv_nsec != last.given.tv_nsec) {
        last.end = end_of(until);
        last.given = *until;
    }
    switch (pthread_cond_clockwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, CLOCK_MONOTONIC, &last.end)) {
    case 0: return thrd_success;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
    }
}
