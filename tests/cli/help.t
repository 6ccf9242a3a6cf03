#!/bin/bash
# Help: every command and option is in --help, in the manual page, and completed by bash and zsh; slips are answered
# with what was meant.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
page=$top/man/tlsharden.1

# options_of [COMMAND]   its own, or everybody's: "name" on a line
options_of()
{
    local part='Options'
    [ $# -gt 0 ] || part='Options of every command'
    tlsharden "$@" --help | sed -nE "/^$part:/,/^\$/s/^  --([a-z-]+).*/\\1/p"
}

# documented COMMAND   the options that the page describes beneath the command (verify's and scan's are in one list)
documented()
{
    awk -v command="$1" '
        /^\.Bl/ { depth++ }
        /^\.El/ { depth-- }
        depth == 1 && /^\.It (Cm|Fl)/ { here = $2 == "Cm" && ($3 == command || ($3 == "scan" && command == "verify")) }
        here && depth == 2 && /^\.It Fl Fl/ { print $4 }' "$page" | sort -u
}

commands=$(tlsharden --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
check "--help lists commands" test "$(wc -w <<<"$commands")" -ge 14
for command in $commands; do
    tlsharden "$command" --help >"$work/help"
    check "$command --help has examples" grep -q "^  tlsharden $command" <(sed -n '/^Examples:/,$p' "$work/help")
    check "$command is in the manual page" grep -q "^\.It Cm $command\b" "$page"
    check "$command is in its synopsis" grep -q "^\.Cm $command\b" <(sed -n '/^.Sh SYNOPSIS/,/^.Sh DESCRIPTION/p' "$page")
    options_of "$command" | sort >"$work/has"
    documented "$command" >"$work/told"
    is "$(comm -23 "$work/has" "$work/told")" '' "$command: the manual page has every option"
    is "$(comm -13 "$work/has" "$work/told" | grep -vxE 'format')" '' "$command: and no other"
done
options_of | sort >"$work/has"
awk '/^The options, before or after/ { here = 1 } /^\.El/ { here = 0 }
     here && /^\.It/ { for (i = 2; i < NF; i++) if ($i == "Fl" && $(i + 1) == "Fl") print $(i + 2) }' "$page" |
    sort >"$work/told"
same "$work/told" "$work/has" "the options of every command are those of the page"
is "$(tlsharden --help | grep -nE ' $')" '' "no line of help ends with a blank"
is "$(for command in $commands; do tlsharden "$command" --help; done | awk 'length > 100')" '' "nor is one too long"

# --- file formats --------------------------------------------------------------------------------

# items_of PAGE   what it describes at the first level
items_of()
{
    sed -n 's/^\.It Cm //p' "$top/man/$1" | sed 's/[ ,]\{1,\}/\n/g' | sed 's/^[a-z]*\.//' | sort -u
}

# shellcheck disable=SC2016 # those are the guide's
sed -n '/^## service.json/,/^### /s/^| `\([a-z_]*\)` .*/\1/p' "$top/templates/README.md" | sort >"$work/guide"
items_of tlsharden-service.5 >"$work/page"
same "$work/page" "$work/guide" "tlsharden-service(5) has the keys that templates/README.md has"
python3 -c 'import json, sys
hooks = {"httpd-sites": "sites", "master-services": "master", "nginx-sites": "sites"}
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        it = json.load(file)
    print(*(key for key in it if key != hooks.get(it.get("hook"))), sep="\n")' "$top"/templates/*/service.json |
    sort -u >"$work/used"
is "$(comm -13 "$work/guide" "$work/used")" '' "and every key that a service has"
items_of tlsharden-site.5 >"$work/page"
is "$(grep -oE '\{"[a-z_]+", check_[a-z]+\}' "$top/src/service/site.c" | sed -E 's/\{"([a-z_]+)".*/\1/' |
    grep -vxE 'flag|vhosts|name|document_root|aliases' | sort -u | comm -23 - "$work/page")" '' \
    "tlsharden-site(5) has every key of the site file"
is "$(python3 -c 'import json, sys
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        print(*json.load(file).get("site", {}), sep="\n")' "$top"/templates/*/service.json |
    sed '/^$/d' | sort -u | comm -23 - "$work/page")" '' "and those of every service"
sed -n '/^\.Bd/,/^\.Ed/p' "$top/man/tlsharden-site.5" | sed '1d;$d' >"$work/site.json"
run tlsharden --site "$work/site.json" diff --service postfix
err_has 'not installed|no such|cannot|does not exist|differ' "its example is read"
fails "(or it would say)" grep -q 'site.json:' "$ERR"

# --- slips ---------------------------------------------------------------------------------------

run tlsharden aply
err_has "did you mean 'apply'" "a command"
run tlsharden diff --explian
err_has 'did you mean --explain\?' "an option"
run tlsharden --confrim=5 apply
err_has 'did you mean --confirm\?' "an option before the command"
run tlsharden diff --profile strickt
err_has "did you mean 'strict'" "a profile"
run tlsharden diff --service postfx
err_has "did you mean 'postfix'" "a service"
echo '{ "name": "mine", "tls": { "protocol": ["TLSv1.2"] } }' >"$work/mine.json"
run tlsharden profile check "$work/mine.json"
err_has "did you mean 'protocols'" "a key"

# --- bash ----------------------------------------------------------------------------------------

# bash_offers WORD...   what TAB offers for the last word
bash_offers()
{
    PATH=$(dirname "$program"):$PATH bash -c '
        . "$1/packaging/completions/bash"
        shift
        COMP_WORDS=(tlsharden "$@") COMP_CWORD=$#
        _tlsharden
        printf "%s\n" "${COMPREPLY[@]}"' bash "$top" "$@" | sort -u
}

is "$(bash_offers '' | tr '\n' ' ')" "$(sort <<<"$commands" | tr '\n' ' ')" "bash: commands"
for command in $commands; do
    { options_of; options_of "$command"; } | sort -u | sed 's/^/--/' >"$work/has"
    bash_offers "$command" -- >"$work/offered"
    same "$work/offered" "$work/has" "bash: the options of $command"
done
is "$(bash_offers diff --pro)" --profile "bash: an option begun"
is "$(bash_offers diff --profile strict --exp)" --explain "bash: behind an option's argument"
is "$(bash_offers diff --profile stri)" strict "bash: profiles"
is "$(bash_offers diff --profile = stri)" strict "bash: profiles behind ="
is "$(bash_offers --service post)" postfix "bash: services"
is "$(bash_offers diff --service apache,post)" apache,postfix "bash: the second of several services"
is "$(bash_offers apply --rehearse '' | tr '\n' ' ')" 'auto never required ' "bash: words"
is "$(bash_offers profile di)" diff "bash: words of a command"
is "$(bash_offers profile diff strict moder)" modern "bash: a profile as argument"
is "$(cd "$top" && bash_offers --root pack)" packaging "bash: directories"

# --- zsh -----------------------------------------------------------------------------------------

# zsh_offers LINE   what the line becomes, or what is listed below it, when TAB is pressed at its end
zsh_offers()
{
    PATH=$(dirname "$program"):$PATH timeout 60 python3 "$top/tests/cli/zsh.py" "$top/packaging/completions/zsh" "$1"
}

run zsh_offers 'tlsharden '
for command in $commands; do
    out_has "(^|[^a-z])$command([^a-z]|\$)" "zsh: $command"
done
run zsh_offers 'tlsharden verify --'
while IFS= read -r option; do
    out_has "(^|[^a-z-])--$option([^a-z-]|\$)" "zsh: verify --$option"
done < <(options_of; options_of verify)
run zsh_offers 'tlsharden apply --rehe'
out_has '^tlsharden apply --rehearse ' "zsh: an option begun"
run zsh_offers 'tlsharden diff --profile stri'
out_has '^tlsharden diff --profile strict ' "zsh: profiles"
run zsh_offers 'tlsharden diff --service=apache,post'
out_has '^tlsharden diff --service=apache,postfix' "zsh: the second of several services"
run zsh_offers 'tlsharden apply --rehearse req'
out_has '^tlsharden apply --rehearse required' "zsh: words"
done_testing
