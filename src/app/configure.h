/* configure.h: settings to the configuration of a running dashboard. */
#ifndef APP_CONFIGURE_H
#define APP_CONFIGURE_H

#include "app/app.h"
#include "app/settings.h"

/* Borrows the settings, secrets included, for as long as the config is used. */
void configure(struct app_config *out, const struct settings *s, struct wall now);

#endif
