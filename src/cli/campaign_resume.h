/* The file of --resume: which targets are done, and what came of them. */
#ifndef CLI_CAMPAIGN_RESUME_H
#define CLI_CAMPAIGN_RESUME_H

#include "cli/campaign.h"

/* Reads it, or begins it; takes out of the campaign what is done. ERR_INPUT: it belongs to another
 * command or profile. */
int campaign_resume(struct campaign *c, const char *path, struct err *err) MUST_CHECK;

/* Adds a line, unless there is no such file, or no verdict. */
int campaign_note(struct campaign *c, const struct campaign_target *t, int status,
                  struct err *err) MUST_CHECK;

#endif
