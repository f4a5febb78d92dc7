/* Loaded into the daemon of a storm: ends it by SIGKILL just before or after one of its calls, and gives it a clock.
 *
 * Both are read from a page that the storm shares with it (scythe.py writes it): how far the wall clock has run and how
 * fast it runs; which process dies, at the how-manieth call from now on of which kinds, before it or after it. Other
 * processes with the same page only share the clock. Steady clocks are left as they are.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SYNC = 1, SEND = 2, RECV = 4, WRITE = 8 };

static struct {
    _Atomic int64_t rate, real, wall;           /* wall clock = wall + (now - real) * rate, nanoseconds */
    _Atomic int64_t victim, kinds, after, left; /* dies at the left-th call of these kinds; 0: does not die */
    _Atomic int64_t fallen;                     /* the kind of call at which it died */
} *page;

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("STORM_PAGE");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *found = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (found != MAP_FAILED)
        page = found;
}

/* Whether this very call is the one. */
static int is_last(int kind)
{
    if (!page || !(atomic_load(&page->kinds) & kind) || atomic_load(&page->left) <= 0)
        return 0;
    if (atomic_load(&page->victim) != getpid() || atomic_fetch_sub(&page->left, 1) != 1)
        return 0;
    atomic_store(&page->fallen, kind);
    return 1;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

#define CUT(kind, type, name, given, passed)                  \
    type name given                                           \
    {                                                         \
        static type(*ordinary) given;                         \
        if (!ordinary)                                        \
            ordinary = (type(*) given)dlsym(RTLD_NEXT, #name); \
        int last = is_last(kind);                             \
        if (last && !atomic_load(&page->after))               \
            die();                                            \
        type result = ordinary passed;                        \
        if (last)                                             \
            die();                                            \
        return result;                                        \
    }

CUT(SYNC, int, fsync, (int file), (file))
CUT(SYNC, int, fdatasync, (int file), (file))
CUT(SEND, ssize_t, send, (int line, const void *data, size_t size, int flags), (line, data, size, flags))
CUT(SEND, ssize_t, sendmsg, (int line, const struct msghdr *data, int flags), (line, data, flags))
CUT(RECV, ssize_t, recv, (int line, void *data, size_t size, int flags), (line, data, size, flags))
CUT(WRITE, ssize_t, write, (int file, const void *data, size_t size), (file, data, size))
CUT(WRITE, ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at))

int clock_gettime(clockid_t which, struct timespec *now)
{
    static int (*ordinary)(clockid_t, struct timespec *);
    if (!ordinary)
        ordinary = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = ordinary(which, now);
    if (result || which != CLOCK_REALTIME || !page || !atomic_load(&page->rate))
        return result;
    int64_t real = now->tv_sec * INT64_C(1000000000) + now->tv_nsec;
    int64_t wall = atomic_load(&page->wall) + (real - atomic_load(&page->real)) * atomic_load(&page->rate);
    now->tv_sec = wall / 1000000000;
    now->tv_nsec = wall % 1000000000;
    return 0;
}
