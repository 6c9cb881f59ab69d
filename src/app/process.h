/* process.h: what the process asks of its system before it does anything else. What is refused there is done without, but for
 * the descriptors. */
#ifndef APP_PROCESS_H
#define APP_PROCESS_H

#include <stdbool.h>

/* Opens /dev/null in place of a descriptor 0, 1 or 2 that the caller left closed: a socket or the database would get its number,
 * and the log be written into it. False: not to be had; then nothing may be opened. */
bool process_standard_descriptors(void);
/* Memory that may hold keys is never written to a core file, nor read by another process of the same user. */
void process_no_core_files(void);
/* More descriptors than the usual soft limit of 1,024: one for each browser. */
void process_raise_descriptor_limit(void);
/* Memory that was given back by us is given back to the system. */
void process_tune_memory(void);

#endif
