/* schema_check.h: holds a JSON document against a JSON Schema (2020-12), as far as contract/ uses it: type, const, enum,
 * anyOf, $ref into $defs, properties, required, additionalProperties, propertyNames, items, maxItems, uniqueItems (of texts),
 * minimum, minLength, maxLength, pattern. Any other keyword is an error, so that none is passed over in silence. */
#ifndef TEST_SCHEMA_CHECK_H
#define TEST_SCHEMA_CHECK_H

#include "wire/json.h"

struct schema_fault {
    char where[160]; /* "pairs[0].price" */
    char what[160];  /* the keyword that does not hold, or the one that is not known */
};

/* root: the schema document; both belong to json documents of their own. */
bool schema_holds(struct schema_fault *fault, struct json_value root, struct json_value document);

#endif
