/* A scan on its way: what its parts share. Private to scan*.c. */
#ifndef PROBE_SCANNER_H
#define PROBE_SCANNER_H

#include "probe/ask.h"
#include "probe/scan.h"

/* What a hello offers, in full; names and random come with the asking. */
struct question {
    enum protocol min, max;
    struct ids suites, groups, schemes;
    unsigned flags; /* of enum hello_flag */
    bool alpn;
    bool
        any_chain; /* certificates may be signed with every scheme, whatever else may; TLS 1.3 */
    uint16_t share; /* group of the key that is sent, TLS 1.3; 0: none */
};

struct scanner {
    const struct endpoint *endpoint;
    struct scan_options options;
    struct scan *scan;
    int64_t deadline;
    unsigned char random[32];
    bool has_control;
    struct question control; /* the last that was accepted */
    bool has_control13;
    struct question control13; /* the last that was accepted in TLS 1.3 */
    bool drops;        /* one was dropped, within TLS, that was served when asked again */
    unsigned silences; /* time-outs before anything was ever accepted */
    bool lost;         /* even controls go unanswered: no more questions */
    bool alive;        /* the last answer is one that only TLS at work can give */
    struct strv by_closing; /* what is believed because of closes only */
};

/* --- scan_question.c ------------------------------------------------------------------------- */

/* Asks, with retries and controls. `about` says what a refusal would prove ("further suites of
 * TLSv1.2"); an answer that stays inconclusive is put on the list under that name. `ret` is owned
 * by the caller. */
void scanner_ask(struct scanner *s, const struct question *q, const char *about,
                 struct answer *ret);

/* Before each new connection, which it counts: waits for its turn. The wait is no time of the endpoint's. */
void scanner_pace(struct scanner *s);

#define SCAN_FICKLE "suites that were accepted are refused in another order"

/* Puts something on the list of what could not be found out. */
void scanner_unsure(struct scanner *s, const char *about, const char *why);

/* Every suite of `version`, every group and scheme that goes with it. */
void question_all(enum protocol version, struct question *ret);

/* All of TLS 1.0 to 1.3 in one. */
void question_everything(struct question *ret);

/* Who is served nothing for the size of what he offers, or no longer, would get the same answers as who is refused:
 * asks for everything at once, which holds what works and is the largest offer of all. */
void scanner_confirm(struct scanner *s, struct answer *ret);

/* --- scan_note.c ----------------------------------------------------------------------------- */

/* Takes down what an accepted answer shows, but for its suite. */
void scanner_note(struct scanner *s, const struct flight *f);

/* The same for a handshake of TLS 1.3, whose certificate it takes. */
void scanner_note_handshake(struct scanner *s, struct handshake_result *r);

/* The group of an ECDSA certificate that was seen; 0: none was. */
uint16_t scanner_certificate_group(const struct scanner *s);

/* --- scan_tls13.c ---------------------------------------------------------------------------- */

/* All of TLS 1.3. `first`, unless NULL, is an answer that chose it from an offer of everything. */
void scan_tls13(struct scanner *s, const struct flight *first);

/* Signature schemes and certificates of TLS 1.3, where older versions have not shown all. */
void scan_tls13_signatures(struct scanner *s);

/* --- scan_suites.c --------------------------------------------------------------------------- */

/* The suites of a version up to TLS 1.2. The version that the server chose at first, if it is a
 * lower one: then nothing was found out about suites. */
enum protocol scan_suites(struct scanner *s, enum protocol version);

/* --- scan_order.c ---------------------------------------------------------------------------- */

/* After each pick, with what was offered at first: sees an order that is not the offer's. */
void order_watch(struct scan_version *found, const struct ids *offered);

/* Should the next question be one about the order? Then order_offer() adds to its suites, and
 * order_learn() hears the pick. True: the pick was seen before. */
bool order_is_in_question(const struct scan_version *found);
void order_offer(const struct scan_version *found, struct ids *offer);
bool order_learn(struct scan_version *found, uint16_t picked);

/* --- scan_details.c -------------------------------------------------------------------------- */

/* Groups, finite fields and signature schemes of a version up to TLS 1.2 whose suites are known. */
void scan_details(struct scanner *s, enum protocol version);

/* TLS_FALLBACK_SCSV. */
void scan_fallback(struct scanner *s);

#endif
