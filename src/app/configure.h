/* configure.h: settings to the configuration of a running dashboard. */
#ifndef APP_CONFIGURE_H
#define APP_CONFIGURE_H

#include "app/app.h"
#include "app/settings.h"

/* Borrows the settings, secrets included, for as long as the config is used. */
void configure(struct app_config *out, const struct settings *s, struct wall now);

/* Makes the day zone the process's own, so that the C library's rules for it apply. Once, before settings_zone_offset. */
void settings_zone_use(const struct settings *s);
/* How far the day zone is east of UTC at a moment, in microseconds. */
int64_t settings_zone_offset(const struct settings *s, struct wall t);

#endif
