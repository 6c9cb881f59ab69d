/* replay.c: runs a fuzz target over every file of the folders named on the command line. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20 };

static bool run_file(const char *path) {
    static uint8_t bytes[INPUT_MAX];
    FILE *f = fopen(path, "rb");
    if (f == NULL) return false;
    size_t len = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    uint8_t *exact = malloc(len + 1); /* of its own size, so that a read past the end is seen */
    if (exact == NULL) return false;
    memcpy(exact, bytes, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return true;
}

static int run_folder(const char *folder) {
    int count = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[1024];
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count += run_file(path);
    }
    (void)closedir(dir);
    return count;
}

/* TAP, a case a folder. A folder without inputs proves nothing: it fails. */
int main(int argc, char **argv) {
    bool all = argc > 1;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        printf("%s %d - %d committed inputs of %s\n", count > 0 ? "ok" : "not ok", i, count,
               strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i]);
        all &= count > 0;
    }
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
