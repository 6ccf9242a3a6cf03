/* The file of --resume: which targets are done, and what came of them. campaign_resume() reads it. */
#ifndef CLI_CAMPAIGN_RESUME_H
#define CLI_CAMPAIGN_RESUME_H

#include "cli/campaign.h"

/* Adds a line, unless there is no such file, no verdict, or one already. */
int campaign_note(struct campaign *c, struct campaign_target *t,
                  struct err *err) MUST_CHECK;

#endif
