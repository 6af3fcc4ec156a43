#define _GNU_SOURCE
#include "CResolver.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/// Whether /etc/hosts has the name. A local name server may tell of such a name, too, as one that is good for no time.
static bool is_in_hosts_file(const char *host) {
    FILE *file = fopen("/etc/hosts", "re");
    if (file == NULL) return false;
    bool found = false;
    char *line = NULL;
    size_t capacity = 0;
    while (!found && getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "#\n")] = '\0';
        char *rest = NULL;
        // The first word is the address.
        if (strtok_r(line, " \t\r", &rest) == NULL) continue;
        for (const char *name; !found && (name = strtok_r(NULL, " \t\r", &rest)) != NULL;) {
            found = strcasecmp(name, host) == 0;
        }
    }
    free(line);
    fclose(file);
    return found;
}

/// The least time to live among the records of an answer that lead to an address.
static int32_t least_life(const unsigned char *answer, int length) {
    ns_msg message;
    if (ns_initparse(answer, length, &message) != 0) return GATEHOUSE_LIFE_UNKNOWN;
    int32_t least = GATEHOUSE_LIFE_UNKNOWN;
    for (int index = 0; index < ns_msg_count(message, ns_s_an); index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) != 0) return least;
        const int type = ns_rr_type(record);
        if (type != ns_t_a && type != ns_t_aaaa && type != ns_t_cname) continue;
        // RFC 2181, section 8: a time with the highest bit set is none at all.
        const int32_t life = ns_rr_ttl(record) > INT32_MAX ? 0 : (int32_t)ns_rr_ttl(record);
        if (least < 0 || life < least) least = life;
    }
    return least;
}

int32_t gatehouse_address_life(const char *host) {
    // RFC 6761, section 6.3: whatever name servers say of the one, it is nobody else.
    if (strcasecmp(host, "localhost") == 0 || is_in_hosts_file(host)) return GATEHOUSE_LIFE_UNKNOWN;
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return GATEHOUSE_LIFE_UNANSWERED;
    // Nobody waits for this, but a thread does; over TCP it could for ever.
    state.options |= RES_USE_EDNS0 | RES_IGNTC;
    state.retrans = 1;
    state.retry = 2;
    const int types[] = {ns_t_a, ns_t_aaaa};
    unsigned char answer[NS_MAXMSG];
    int32_t life = GATEHOUSE_LIFE_UNKNOWN;
    for (size_t index = 0; index < sizeof types / sizeof types[0] && life == GATEHOUSE_LIFE_UNKNOWN; index++) {
        const int length = res_nsearch(&state, host, ns_c_in, types[index], answer, sizeof answer);
        if (length > 0 && length <= (int)sizeof answer) {
            life = least_life(answer, length);
        } else if (state.res_h_errno == TRY_AGAIN) {
            life = GATEHOUSE_LIFE_UNANSWERED;
        }
    }
    res_nclose(&state);
    return life;
}
