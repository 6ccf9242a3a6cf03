# packaging/packaging.mk   install, tarball and Debian package; included by the Makefile.

BIN_DIR      := $(PREFIX)/bin
LIBEXEC_DIR  ?= $(PREFIX)/lib/tlsharden
DATA_DIR     := $(PREFIX)/share/tlsharden
UNIT_DIR     ?= $(PREFIX)/lib/systemd/system
MAN_DIR      := $(PREFIX)/share/man
BASH_DIR     ?= $(PREFIX)/share/bash-completion/completions
ZSH_DIR      ?= $(PREFIX)/share/zsh/site-functions

MANUALS := $(wildcard man/*.[0-9])
UNITS := $(wildcard packaging/systemd/*.service packaging/systemd/*.timer)
PROGRAMS := packaging/first-boot packaging/drift packaging/renewal-hook
# The paths of the files are those of a Debian package; they become those of this installation.
RELOCATE := sed 's,/usr/bin/tlsharden,$(BIN_DIR)/tlsharden,g; s,/usr/lib/tlsharden/,$(LIBEXEC_DIR)/,g'

.PHONY: install
install: $(PROGRAM) ## install beneath $(DESTDIR)$(PREFIX)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(BIN_DIR)/tlsharden
	for file in $(DATA_FILES); do \
		install -D -m 644 "$$file" "$(DESTDIR)$(DATA_DIR)/$$file" || exit 1; done
	for page in $(MANUALS); do install -D -m 644 $$page \
		$(DESTDIR)$(MAN_DIR)/man$${page##*.}/$${page##*/} || exit 1; done
	install -D -m 644 packaging/completions/bash $(DESTDIR)$(BASH_DIR)/tlsharden
	install -D -m 644 packaging/completions/zsh $(DESTDIR)$(ZSH_DIR)/_tlsharden
	for file in $(PROGRAMS); do $(RELOCATE) $$file | install -D -m 755 /dev/stdin \
		$(DESTDIR)$(LIBEXEC_DIR)/$${file##*/} || exit 1; done
	for unit in $(UNITS); do $(RELOCATE) $$unit | install -D -m 644 /dev/stdin \
		$(DESTDIR)$(UNIT_DIR)/$${unit##*/} || exit 1; done

.PHONY: uninstall
uninstall: ## take it away again; generations in /var/lib/tlsharden stay
	rm -f $(DESTDIR)$(BIN_DIR)/tlsharden
	rm -f $(DESTDIR)$(BASH_DIR)/tlsharden $(DESTDIR)$(ZSH_DIR)/_tlsharden
	rm -rf $(DESTDIR)$(DATA_DIR) $(DESTDIR)$(LIBEXEC_DIR)
	for page in $(MANUALS); do rm -f $(DESTDIR)$(MAN_DIR)/man$${page##*.}/$${page##*/}; done
	for unit in $(UNITS); do rm -f $(DESTDIR)$(UNIT_DIR)/$${unit##*/}; done

TARBALL := $(BUILD)/tlsharden-$(VERSION).tar.xz

.PHONY: dist
dist: ## the sources as build/tlsharden-VERSION.tar.xz, reproducible
	@packaging/dist $(abspath $(TARBALL))
	$(call say,DIST,$(TARBALL))

.PHONY: deb
deb: dist ## the Debian package, build/tlsharden_*.deb
	@packaging/deb $(abspath $(TARBALL)) $(abspath $(BUILD))/deb
	@cp $(BUILD)/deb/tlsharden_*.deb $(BUILD)/
	$(call say,DEB ,$(BUILD)/$$(cd $(BUILD)/deb && echo tlsharden_*.deb))

# The collection's module is the program itself, stripped: it is copied to every host.
.PHONY: ansible
ansible: $(PROGRAM) ## the Ansible collection, build/ansible/tlsharden-servers-VERSION.tar.gz
	@rm -rf $(BUILD)/ansible && mkdir -p $(BUILD)/ansible
	@cp -r packaging/ansible $(BUILD)/ansible/source
	@strip -o $(BUILD)/ansible/source/plugins/modules/tlsharden $(PROGRAM)
	@ansible-galaxy collection build --output-path $(BUILD)/ansible $(BUILD)/ansible/source >/dev/null
	$(call say,ANS ,$$(echo $(BUILD)/ansible/*.tar.gz))
