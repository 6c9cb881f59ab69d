#include "view/json_out.h"
#include "view/view.h"

#include "engine/state.h"

bool view_ready(const struct engine *e) { return e->mode != MODE_STARTING; }

void view_ready_text(struct buf *out, const struct engine *e) {
    out_object(out, NULL);
    out_bool(out, "ready", view_ready(e));
    out_word(out, "mode", mode_name(e->mode));
    out_word(out, "status", status_name(e->status));
    out_word(out, "status_reason", status_reason_name(e->reason));
    out_object_end(out);
}
