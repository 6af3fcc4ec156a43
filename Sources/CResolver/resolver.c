#include "CResolver.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

/// The least time to live among the records of an answer that lead to an address, and of what has been found before.
static int32_t least_life(const unsigned char *answer, int length, int32_t least) {
    ns_msg message;
    if (ns_initparse(answer, length, &message) != 0) return least;
    for (int index = 0; index < ns_msg_count(message, ns_s_an); index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) != 0) return least;
        const int type = ns_rr_type(record);
        if (type != ns_t_a && type != ns_t_aaaa && type != ns_t_cname) continue;
        // RFC 2181, section 8: a time with the highest bit set is none at all.
        const uint32_t life = ns_rr_ttl(record) > INT32_MAX ? 0 : ns_rr_ttl(record);
        if (least < 0 || (int32_t)life < least) least = (int32_t)life;
    }
    return least;
}

int32_t gatehouse_address_life(const char *host) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return -1;
    // Nobody waits for this; but a thread does.
    state.retrans = 1;
    state.retry = 2;
    const int types[] = {ns_t_a, ns_t_aaaa};
    unsigned char answer[NS_PACKETSZ * 8];
    int32_t least = -1;
    for (size_t index = 0; index < sizeof types / sizeof types[0]; index++) {
        const int length = res_nsearch(&state, host, ns_c_in, types[index], answer, sizeof answer);
        // Of a longer answer only the beginning is here.
        if (length > 0) least = least_life(answer, length < (int)sizeof answer ? length : (int)sizeof answer, least);
    }
    res_nclose(&state);
    return least;
}
