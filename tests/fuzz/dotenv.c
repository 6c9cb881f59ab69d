/* dotenv.c: the text of a .env file. Names and values lie inside the text, lines count upwards, and it ends. */
#include "fuzz.h"

#include "app/dotenv.h"

#include <stdlib.h>

static void check_inside(struct span s, const char *text, size_t size) {
    CHECK(s.at >= text && s.at <= text + size && s.len <= (size_t)(text + size - s.at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text =
        malloc(size > 0 ? size : 1); /* it is changed in place; of its own size, so that a read past the end is seen */
    struct dotenv d;
    struct dotenv_pair pair = {.line = 1};
    enum dotenv_step step;
    int line = 1;
    CHECK(text != NULL);
    if (size > 0) memcpy(text, data, size);
    dotenv_start(&d, text, size);
    for (size_t steps = 0; (step = dotenv_next(&d, &pair)) != DOTENV_END; steps++) {
        CHECK(steps <= size && pair.line >= line && d.at <= d.end);
        line = pair.line;
        if (step == DOTENV_BAD) continue;
        CHECK(step == DOTENV_PAIR && pair.name.len > 0);
        check_inside(pair.name, text, size);
        check_inside(pair.value, text, size);
    }
    CHECK(d.at == d.end);
    free(text);
    return 0;
}
