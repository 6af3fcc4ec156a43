#ifndef GATEHOUSE_RESOLVER_H
#define GATEHOUSE_RESOLVER_H

#include <stdint.h>

/// How long, in seconds, the system's name servers say that a host's addresses are good: the least of what they say of
/// its A, AAAA and CNAME records (RFC 1035, 3.2.1). Negative when they do not say, as for a name that only /etc/hosts has.
///
/// Blocks until they have answered, for some seconds at most. The search list counts as it does for getaddrinfo.
int32_t gatehouse_address_life(const char *host);

#endif
