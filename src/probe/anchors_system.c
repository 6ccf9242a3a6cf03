/* That the file has not been read stands in the store's own data. Not handled: SSL_CERT_URI of OpenSSL 3. */
#include "probe/anchors_system.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "probe/chain.h"

static char incomplete; /* its address is the mark */

static int mark(void)
{
    static int index = -1;
    if (index < 0)
        index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

X509_STORE *anchors_of_system(void)
{
    CLEANUP(anchors_free) X509_STORE *store = X509_STORE_new();
    X509_LOOKUP *directory =
        store ? X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir()) : NULL;
    if (!directory || X509_LOOKUP_add_dir(directory, NULL, X509_FILETYPE_DEFAULT) != 1 ||
        X509_STORE_set_ex_data(store, mark(), &incomplete) != 1)
        return NULL;
    return TAKE_PTR(store);
}

bool anchors_complete(X509_STORE *anchors)
{
    const char *file = getenv(X509_get_default_cert_file_env());
    if (X509_STORE_get_ex_data(anchors, mark()) != &incomplete)
        return false;
    X509_STORE_set_ex_data(anchors, mark(), NULL);
    int done = X509_STORE_load_file(anchors, file ? file : X509_get_default_cert_file());
    ERR_clear_error();
    return done == 1;
}
