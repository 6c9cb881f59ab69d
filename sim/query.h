/* query.h: the query string or form body of a request, taken apart. */
#ifndef SIM_QUERY_H
#define SIM_QUERY_H

#include "sim/api.h"

/* Splits "a=1&b=%32" and decodes percent signs (and, if plus, '+' as a blank) into `room`, which must hold text.len bytes
 * and is what the parameters point into. False for a bad percent sign or too many parameters. */
bool query_parse(struct api_params *out, char *room, struct span text, bool plus);
/* Decodes percent signs into *room and moves it behind the result. */
bool query_decode(struct span *out, char **room, struct span text, bool plus);
/* The text without its "signature=..." parameter, appended; and that parameter's raw value (len 0 where absent). */
void query_unsigned(struct buf *out, struct span *signature, struct span text);
/* Bytes outside printable ASCII: such a request was not percent-encoded before it was signed. */
bool query_ascii(struct span text);

#endif
