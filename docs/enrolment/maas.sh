#!/bin/sh
# Creates the nodes of lab rack in MAAS: PROFILE=admin sh FILE [KEY=VALUE]...
set -eu
: "${PROFILE:?say which MAAS profile to use}"

maas "$PROFILE" machines create \
  hostname=control-0 \
  architecture=amd64/generic \
  mac_addresses=52:54:00:4b:19:d4 \
  mac_addresses=52:54:00:12:34:56 \
  power_type=ipmi \
  power_parameters_power_address=192.0.2.10 \
  power_parameters_power_driver=LAN_2_0 \
  power_parameters_power_boot_type=efi \
  power_parameters_privilege_level=ADMIN \
  power_parameters_power_user=admin \
  power_parameters_power_pass=first-secret \
  "$@"

maas "$PROFILE" machines create \
  hostname=compute-0 \
  architecture=amd64/generic \
  mac_addresses=52:54:00:e1:ae:a6 \
  power_type=ipmi \
  power_parameters_power_address=192.0.2.11:6231 \
  power_parameters_power_driver=LAN_2_0 \
  power_parameters_power_boot_type=legacy \
  power_parameters_privilege_level=OPERATOR \
  power_parameters_power_user=admin \
  power_parameters_power_pass='it'\''s on' \
  "$@"
