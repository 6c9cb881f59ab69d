/* schema.h: the tables, version by version. A database of any earlier version is brought up to date when it is opened; one
 * of a later version is refused. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/sql.h"

/* The version this program writes. */
int schema_version(void);

/* Each missing step in a transaction of its own, so that a kill in between leaves a whole earlier version. ERR_UNKNOWN with
 * words for a database of a newer version; nothing is changed then. */
MUST_CHECK enum err schema_migrate(struct sql *s);

#endif
