/* loop_uv.h: inside io/ only: the libuv loop behind struct loop, for the files that poll sockets. */
#ifndef IO_LOOP_UV_H
#define IO_LOOP_UV_H

#include "io/loop.h"

#include <uv.h>

uv_loop_t *loop_uv(struct loop *l);

#endif
