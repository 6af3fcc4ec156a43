#define _GNU_SOURCE
#include "CStartup.h"

#include <link.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static int release_object(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size;
    (void)unused;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
        const size_t start = ((size_t)object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        const size_t end = (size_t)object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        // Advice: when the kernel does not take it, nothing changes.
        (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void gatehouse_release_startup_pages(void) {
    dl_iterate_phdr(release_object, NULL);
}
