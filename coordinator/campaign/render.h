/*
 * render.h - what holds the texts of anything rendered: render.c and shipped.c fill it
 */
#ifndef COORDINATOR_CAMPAIGN_RENDER_H
#define COORDINATOR_CAMPAIGN_RENDER_H

#include "coordinator/campaign/arena.h"

/* An arena like any other, in which this lives, too. */
struct render_arena {
	struct arena *arena;
};

#endif
