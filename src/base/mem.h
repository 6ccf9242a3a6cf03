/*
 * Memory that is never NULL, and scope-bound release.
 *
 * Out of memory ends the process with exit status 4: whatever was under way is recoverable
 * by design, and no caller has a better idea.
 *
 *     CLEANUP(mem_freep) char *path = mem_printf("%s/%s", dir, name);
 *     ...
 *     *ret = TAKE_PTR(path);     hand over; the cleanup then frees NULL
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#define CLEANUP(fn)      __attribute__((cleanup(fn)))
#define MUST_CHECK       __attribute__((warn_unused_result))
#define PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))

/* The value of a pointer variable, which is set to NULL: ownership moves to the reader. */
#define TAKE_PTR(p)                                                                      \
    (__extension__({                                                                     \
        __typeof__(p) take_ptr_ = (p);                                                   \
        (p) = NULL;                                                                      \
        take_ptr_;                                                                       \
    }))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* `size` zeroed bytes; owned by the caller (free). */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* `old` grown or shrunk to `count` elements of `size` bytes; the multiplication is checked. */
void *mem_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/* Grows `*items` so that one more element fits behind `count`; doubles, so appends are linear. */
#define MEM_GROW(items, count, cap)                                                      \
    do {                                                                                 \
        if ((count) == (cap)) {                                                          \
            (cap) = (cap) ? (cap)*2 : 8;                                                 \
            (items) = mem_resize((items), (cap), sizeof *(items));                       \
        }                                                                                \
    } while (0)

/* Copies; NULL stays NULL. Owned by the caller (free). */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len) __attribute__((returns_nonnull));

/* A formatted string; owned by the caller (free). */
char *mem_printf(const char *fmt, ...) PRINTF(1, 2) __attribute__((returns_nonnull));

/* For CLEANUP: frees the pointer that `p` points at. */
void mem_freep(void *p);

#endif
