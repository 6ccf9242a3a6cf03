#!/bin/bash
# Hosts whose configuration cannot be worked on: named, exit status 3 to 5, and nothing is touched.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# broken NAME STATUS... -- PATTERN   apply on the sample as it now stands
broken()
{
    local name=$1 wanted=()
    shift
    while [ "$1" != -- ]; do
        wanted+=("$1")
        shift
    done
    tree "$work/before"
    run on_root --profile strict apply --yes
    case " ${wanted[*]} " in
    *" $STATUS "*) tap_result 0 "$name: exit status $STATUS" ;;
    *)
        tap_result 1 "$name: exit status ${wanted[*]}"
        tap_show_run
        ;;
    esac
    err_has "$2" "$name: is named"
    tree "$work/now"
    same "$work/now" "$work/before" "$name: nothing is touched"
}

sample_root
rm "$root/etc/ssl/host/privkey.pem"
broken "a missing key" 3 -- 'etc/ssl/host/privkey\.pem'

sample_root
openssl genrsa -out "$root/etc/ssl/host/privkey.pem" 2048 2>/dev/null
broken "a key of another certificate" 3 -- 'etc/ssl/host/privkey\.pem'

sample_root
printf '%s\n' '<VirtualHost *:443>' 'ServerName open.example.test' \
    >"$root/etc/apache2/sites-enabled/open.conf"
broken "a section without its end" 3 -- 'open\.conf:1'

sample_root
rm "$root/etc/postfix/main.cf"
mkdir "$root/etc/postfix/main.cf"
broken "a directory in the place of a file" 3 4 5 -- main\\.cf

sample_root
cp "$root/etc/courier/imapd-ssl" "$work/outside"
cp "$work/outside" "$work/outside.before"
ln -sfn ../../../outside "$root/etc/courier/imapd-ssl"
run on_root --profile strict apply --yes
check "a link that leads out of the image is not followed" cmp "$work/outside" "$work/outside.before"

sample_root
mkfifo "$root/etc/apache2/sites-enabled/pipe.conf"
run on_root --profile strict diff
status_is 4 "a named pipe among the sites: exit status 4"
err_has pipe.conf "a named pipe among the sites: is named"

empty=$work/empty
mkdir "$empty"
run tlsharden --root "$empty" --profile strict diff
check "an empty image: no crash" test "$STATUS" -lt 70
run tlsharden --root "$work/none" --profile strict diff
check "a missing image is an error" test "$STATUS" -ge 2 -a "$STATUS" -lt 70
err_has "$work/none" "and is named"

done_testing
