/* loop_uv.h: inside io/ only: the libuv loop behind struct loop, for the files that poll sockets, and what they share. */
#ifndef IO_LOOP_UV_H
#define IO_LOOP_UV_H

#include "io/loop.h"

#include <uv.h>

uv_loop_t *loop_uv(struct loop *l);

/* Where the clients on this loop find whom they trust (tls_trust_of). */
struct tls_trust;
struct tls_trust **loop_trust(struct loop *l);

#endif
