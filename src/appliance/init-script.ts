import { serviceControlPort, settingsHeader } from '../node/service-settings.ts';
import { libraryFolder } from './program-files.ts';

/** Where the program lies in the appliance. */
export const programFolder = 'opt/quintupleo';

/** Label of the file system that keeps the state. */
export const stateLabel = 'quintupleo';

/**
 * The appliance's first program: loads modules, mounts the state, reads the settings from the config drive, sets the
 * network up, and runs the service for ever.
 *
 * It speaks to the serial console only; what it says there is the appliance's log.
 */
export const initScript = `#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/bin LD_LIBRARY_PATH=/${libraryFolder} HOME=/root

say() { echo "quintupleo-service: $*"; }

/bin/busybox mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
busybox --install -s /bin
mount -t tmpfs -o mode=0755 run /run
mkdir -p /run/quintupleo
while read -r module; do insmod /modules/$module; done </modules/order
hostname quintupleo-service
say "Linux $(uname -r)"

# Waits until a command succeeds, at most a minute, and says what it said.
patiently() {
  for try in $(seq 600); do
    "$@" && return
    usleep 100000
  done
  return 1
}

# Without what it needs there is nothing to be done: the console says why, and whoever sees to it reboots it.
give_up() {
  say "failed: $*"
  while :; do sleep 3600; done
}

nic_of() {
  for nic in /sys/class/net/*; do
    [ "$(cat $nic/address)" = "$1" ] && echo "\${nic##*/}" && return
  done
  return 1
}

# OpenStack's label of it, in either of the two formats.
read_settings() {
  device=$(findfs LABEL=config-2) || return
  mount -t iso9660 -o ro $device /config || mount -t vfat -o ro $device /config || return
  cp /config/openstack/latest/user_data /run/settings
  umount /config
}

set_up() {
  case $1 in
  lab) lab=$2 ;;
  owner) owner=$2 ;;
  manager) manager=$2 ;;
  interface)
    nic=$(patiently nic_of $3) || give_up "no network card has the address $3"
    ip link set $nic name $2
    ip link set $2 up
    ;;
  mtu) ip link set $2 mtu $3 ;;
  address) ip addr add $3 dev $2 ;;
  route) ip route add $2 via $3 ;;
  nameserver) echo "nameserver $2" >>/etc/resolv.conf ;;
  esac || say "not done: $*"
}

state=$(patiently findfs LABEL=${stateLabel} 2>/dev/null) || give_up "no disk has the state"
mount -t ext4 -o noatime $state /state || give_up "the state on $state cannot be mounted"
mkdir -p /state/quintupleo /state/cache

# Addresses can be used at once, and nobody else on a network says which ones to have.
sysctl -q -w net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
ip link set lo up
patiently read_settings 2>/dev/null || give_up "there is no config drive"
[ "$(head -n 1 /run/settings)" = "${settingsHeader}" ] || give_up "the user data is not for this"
while read -r word one two rest; do set_up "$word" "$one" "$two"; done </run/settings
say "serves lab $lab with $(ip -o addr | grep -c -v '^1:') addresses"

acpid -l /dev/null -p /run/acpid.pid
export QUINTUPLEO_STATE_DIR=/state/quintupleo QUINTUPLEO_RUNTIME_DIR=/run/quintupleo QUINTUPLEO_CACHE_DIR=/state/cache
export OS_CLIENT_CONFIG_FILE=/state/quintupleo/clouds.json
until [ -e /run/stopping ]; do
  node /${programFolder}/bin/quintupleo.js serve --remote ${serviceControlPort} --manager "$manager" --owner "$owner"
  say "the service ended with status $?"
  sleep 2
done
while :; do sleep 3600; done
`;

/** What acpid calls when the cloud asks the instance to power off. */
export const powerButtonScript = `#!/bin/busybox sh
echo "quintupleo-service: powering off" >/dev/console
touch /run/stopping
killall node
for try in $(seq 50); do pidof node >/dev/null || break; usleep 100000; done
umount /state || mount -o remount,ro /state
sync
poweroff -f
`;
