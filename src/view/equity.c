/* equity.c: /api/v1/equity: the series as a curve (series.h). */
#include "view/series.h"
#include "view/sums.h"
#include "view/view.h"

#include <stdlib.h>

enum { POINTS_MAX = SERIES_POINTS_MAX + 8 }; /* the first and the last step may be cut, and the present moment */

struct view_equity {
    struct view_series *series; /* owned */
    size_t count;
    struct series_point points[POINTS_MAX];
};

struct view_equity *view_equity_new(struct wall from, struct wall to, struct now now) {
    const struct name all = {{0}};
    struct view_equity *v = calloc(1, sizeof *v);
    if (v == NULL) return NULL;
    v->series = series_new(SERIES_CURVE, &all, from, to, now);
    if (v->series != NULL) return v;
    free(v);
    return NULL;
}

void view_equity_free(struct view_equity *v) {
    if (v == NULL) return;
    series_free(v->series);
    free(v);
}

struct view_series *view_equity_series(struct view_equity *v) {
    return v->series;
}

static void out_curve(struct buf *out, const struct view_equity *v, const struct engine *e) {
    out_object(out, NULL);
    out_name(out, "currency", &e->display);
    out_amount(out, "investment", e->has_investment ? e->investment : UNKNOWN_DEC16);
    out_array(out, "points");
    for (size_t i = 0; i < v->count; i++) {
        out_object(out, NULL);
        out_time(out, "time", v->points[i].time);
        out_amount(out, "total", v->points[i].total);
        out_amount(out, "realized", v->points[i].realized);
        out_object_end(out);
    }
    out_array_end(out);
    out_object_end(out);
}

bool view_equity_step(struct view_equity *v, struct buf *out, const struct engine *e) {
    struct series_point point;
    for (size_t budget = VIEW_STEP_FILLS;;) {
        switch (series_next(v->series, &point, e, &budget)) {
        case SERIES_POINT:
            if (v->count < POINTS_MAX) v->points[v->count++] = point;
            break;
        case SERIES_AGAIN: v->count = 0; break;
        case SERIES_LATER: return false;
        case SERIES_NO_MEMORY: out->failed = ERR_MEMORY; return true;
        case SERIES_RESTLESS: out->failed = ERR_BAD_STATE; return true;
        case SERIES_END: out_curve(out, v, e); return true;
        }
    }
}
