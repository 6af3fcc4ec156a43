#ifndef GATEHOUSE_RESOLVER_H
#define GATEHOUSE_RESOLVER_H

#include <stdint.h>

/// Nobody says how long: the name is not DNS' business, or DNS does not know it.
#define GATEHOUSE_LIFE_UNKNOWN (-1)
/// No name server has answered.
#define GATEHOUSE_LIFE_UNANSWERED (-2)

/// How long, in seconds, the system's name servers say that a host's addresses are good: the least of what they say of
/// its A and CNAME records or, when it has none, of its AAAA and CNAME records (RFC 1035, 3.2.1).
///
/// Blocks until they have answered, for some seconds for each of them at most: it asks by UDP alone, where an answer that
/// was cut short counts as it is. The search list counts as it does for getaddrinfo.
int32_t gatehouse_address_life(const char *host);

#endif
