/* tlsharden services: what is known, what is installed here, and which library it speaks through. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/detect.h"
#include "service/host.h"
#include "service/service.h"

static json_t *describe(const struct service *s, const struct detected *d, bool installed)
{
    return json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:s?}", "name", s->name, "title",
                     service_text(s, "title"), "installed", installed, "version",
                     installed ? d->version : NULL, "dialect",
                     installed ? dialect_name(d->library.kind) : NULL, "library_version",
                     installed ? d->library_version : NULL);
}

static void print(const struct service *s, const struct detected *d, bool installed)
{
    if (!installed)
        printf("%-12s %-24s not installed\n", s->name, service_text(s, "title"));
    else
        printf("%-12s %-24s %-12s %s %s\n", s->name, service_text(s, "title"), d->version,
               dialect_name(d->library.kind), d->library_version);
}

static int list(const struct cli *cli, const struct service_list *services,
                const struct host *host, struct err *err)
{
    json_t *all CLEANUP(json_decrefp) = json_array();
    for (size_t i = 0; i < services->count; i++) {
        const struct service *s = &services->items[i];
        CLEANUP(detected_release) struct detected d = DETECTED_INIT;
        int rc = service_detect(s, host, &d, err);
        if (rc < 0)
            return -1;
        if (cli->format == CLI_TEXT)
            print(s, &d, rc == 0);
        else
            json_array_append_new(all, describe(s, &d, rc == 0));
    }
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "services: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(service_list_release) struct service_list services = SERVICE_LIST_INIT;
    CLEANUP(host_release) struct host host = HOST_INIT;
    if (service_list_load(cli->datadir, &services, err) < 0 ||
        host_open(cli->root, &host, err) < 0)
        return -1;
    return list(cli, &services, &host, err);
}

const struct command command_services = {
    .name = "services",
    .summary = "list the services that are known, and what is installed here",
    .usage = "",
    .examples = "  tlsharden services --root /srv/image\n",
    .run = run,
};
