/* hiredis for its reader and its formatter; its sockets stay unused. */
#include <hiredis/hiredis.h>
