#ifndef GATEHOUSE_ALLOCATION_COUNTER_H
#define GATEHOUSE_ALLOCATION_COUNTER_H

/// How often this thread has asked for memory. Naming it also links the counting functions into the test program.
long gatehouse_allocations(void);

#endif
