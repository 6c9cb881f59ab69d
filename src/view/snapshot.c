#include "view/snapshot.h"

void snapshot_begin(struct buf *out, const struct head *h, struct now now, uint64_t seq) {
    out_object(out, NULL);
    out_word(out, "type", "snapshot");
    out_count(out, "seq", seq);
    out_time(out, "server_time", now.wall);
    out_word(out, "version", GRIDSCOPE_VERSION);
    fields_write(out, head_fields, h);
    out_array(out, "pairs");
}

void snapshot_pair(struct buf *out, const struct pair_values *p) {
    out_object(out, NULL);
    fields_write(out, pair_fields, p);
    out_object_end(out);
}

void snapshot_end(struct buf *out, const struct head *h) {
    out_array_end(out);
    fields_write(out, tail_fields, h);
    out_object_end(out);
}

void view_snapshot(struct buf *out, const struct engine *e, struct now now, uint64_t seq) {
    struct head head;
    struct pair_values pair;
    head_init(&head);
    head_read(&head, e, now, PARTS_ALL);
    snapshot_begin(out, &head, now, seq);
    for (size_t i = 0; i < e->pair_count; i++) {
        pair_read(&pair, e, i, NULL);
        snapshot_pair(out, &pair);
    }
    snapshot_end(out, &head);
    head_free(&head);
}
