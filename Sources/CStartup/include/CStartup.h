#ifndef GATEHOUSE_STARTUP_H
#define GATEHOUSE_STARTUP_H

/// Gives back the pages of code and constants that only starting has touched: the runtime's set-up, the dynamic linker's
/// tables, argument and configuration parsing. Whatever is needed again is mapped again from the page cache when it is
/// touched; nothing that was written is lost, because only mappings that cannot be written are named.
void gatehouse_release_startup_pages(void);

#endif
