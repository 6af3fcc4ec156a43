// The test program's own malloc: it counts and hands on to glibc's. A program's definitions come before a library's, so
// that every allocation of the process passes here.
#include "CAllocationCounter.h"
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

// For each thread its own: what another test allocates meanwhile is none of a budget's business. Initial-exec, because
// the general way to a thread's variable may itself allocate.
static __thread long allocations __attribute__((tls_model("initial-exec")));

long gatehouse_allocations(void) { return allocations; }

void *malloc(size_t size) { allocations += 1; return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { allocations += 1; return __libc_calloc(count, size); }
void *realloc(void *block, size_t size) { allocations += 1; return __libc_realloc(block, size); }
void *aligned_alloc(size_t alignment, size_t size) { allocations += 1; return __libc_memalign(alignment, size); }
void free(void *block) { __libc_free(block); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    allocations += 1;
    *block = __libc_memalign(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}
