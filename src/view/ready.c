#include "view/json_out.h"
#include "view/view.h"

#include "engine/state.h"

bool view_ready(const struct engine *e) {
    bool data_flows = e->mode != MODE_STARTING && e->mode != MODE_OFFLINE;
    return data_flows ||
           e->portfolio.known; /* offline, but with figures to show: ready, and the page says how old they are */
}

void view_ready_text(struct buf *out, const struct engine *e) {
    out_object(out, NULL);
    out_bool(out, "ready", view_ready(e));
    out_word(out, "mode", mode_name(e->mode));
    out_word(out, "status", status_name(e->status));
    out_word(out, "status_reason", status_reason_name(e->reason));
    out_object_end(out);
}
