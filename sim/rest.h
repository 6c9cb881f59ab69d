/* rest.h: the exchange's REST interface: /api/v3/... in, a reply out. */
#ifndef SIM_REST_H
#define SIM_REST_H

#include "sim/api.h"
#include "sim/front.h"

/* Weight is used, then key, time and signature are checked, then the endpoint answers. */
void rest_answer(struct api *a, const struct front_question *q, struct front_reply *r);
/* What nginx says for an endpoint that is gone. */
void rest_gone(struct front_reply *r);

#endif
