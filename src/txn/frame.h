/*
 * Text in a frame: a line "tlsharden 1 LENGTH SHA-256", then LENGTH bytes. A file that was cut short,
 * or of which one byte is another, is told from a whole one; nothing is guessed.
 */
#ifndef TXN_FRAME_H
#define TXN_FRAME_H

#include "base/buf.h"

void frame_put(struct bytes text, struct buf *out);

/* What is in the frame, borrowed from `framed`; -1: it is damaged. */
int frame_get(struct bytes framed, struct bytes *ret) MUST_CHECK;

#endif
