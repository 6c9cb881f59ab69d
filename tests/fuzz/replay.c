/* replay.c: runs a fuzz target over every file of the folders named on the command line. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(int argc, char **argv) {
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        printf("%s: %d inputs\n", argv[i], count);
        if (count == 0) return EXIT_FAILURE; /* an empty folder proves nothing */
        total += count;
    }
    return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
