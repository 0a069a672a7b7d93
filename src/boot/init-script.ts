/**
 * The first program of the deploy ramdisk, and of the system that it writes to the disk. The kernel's command line
 * says which of the two it is:
 *
 *     quintupleo.stage=ramdisk|disk
 *     quintupleo.mac=MAC                 the NIC that netbooted          (ramdisk only, as all that follow)
 *     quintupleo.report=URL              where reports go, with its token
 *     quintupleo.image=URL               what to write to the first disk
 *     quintupleo.size=BYTES
 *     quintupleo.sha256=HEX
 *
 * The system on the disk finds MAC and report URL in the disk's second partition, where the ramdisk left them.
 * BusyBox's shell runs its own applets by name once /proc is there, so no links to it are needed.
 */
export const initScript = `#!/bin/busybox sh
export PATH=/bin
set -o pipefail

say() { echo "quintupleo: $*"; }

option() {
  for word in $(cat /proc/cmdline); do
    case $word in quintupleo.$1=*) echo "\${word#*=}" ;; esac
  done
}

# Waits until a command says something, at most 10 s, and says it.
patiently() {
  until=$(($(uptime_seconds) + 10))
  while [ $(uptime_seconds) -lt $until ]; do
    found=$("$@") && [ -n "$found" ] && echo "$found" && return
    usleep 100000
  done
  return 1
}
uptime_seconds() { cut -d . -f 1 /proc/uptime; }

nic_of() {
  for nic in /sys/class/net/*; do
    [ "$(cat $nic/address)" = "$1" ] && echo "\${nic##*/}" && return
  done
}

# In the order in which firmware numbers them; no CD-ROM drives, no empty or read-only ones.
disks() {
  cd /sys/block
  for disk in vd* sd* nvme*n*; do
    [ -e $disk ] || continue
    [ "$(cat $disk/ro)" = 1 ] || [ "$(cat $disk/size)" = 0 ] || echo $disk
  done
}
first_disk() { disks | head -n 1; }

# The partition in which the ramdisk leaves a note for the system that it deploys.
note_of() {
  for partition in /sys/block/$1/$1*2; do
    [ -e $partition ] && echo /dev/\${partition##*/} && return
  done
}

find_note() {
  for disk in $(disks); do
    partition=$(note_of $disk) && head -n 1 $partition | grep -a '^quintupleo '
  done | head -n 1
}

# report STAGE KEY=VALUE...: tells the boot director.
report() {
  query="stage=$1"
  shift
  for pair in "$@"; do query="$query&$(echo "$pair" | tr -c 'A-Za-z0-9=._:\\n-' +)"; done
  for try in 1 2 3 4 5; do
    timeout 10 busybox wget -q -O /dev/null --post-data '' "$report_url&$query" && return
    sleep 1
  done
  say "the boot director did not take this report: $query"
  return 1
}

fail() {
  say "deploy failed: $*"
  report deploy-failed "reason=$*"
  hold
}

# The machine stays as it is until its BMC or its power button says otherwise.
hold() {
  busybox --install -s /bin
  say "a shell is on this console"
  while :; do setsid cttyhack sh -l; sleep 1; done
}

network() {
  nic=$(patiently nic_of $mac) || { say "no network card has the address $mac"; hold; }
  ip link set lo up
  ip link set $nic up
  for try in $(seq 20); do
    udhcpc -n -i $nic -t 3 -T 1 -s /bin/dhcp-script >/dev/null 2>&1 && break
    say "no DHCP answer on $nic ($mac), trying again"
  done
  address=$(cat /run/address 2>/dev/null) || { say "gave up: no DHCP answer on $nic ($mac)"; hold; }
  say "$nic ($mac) has the address $address"
}

deploy() {
  disk=$(patiently first_disk) || fail "no disk"
  device=/dev/$disk
  size=$(option size)
  [ $(($(cat /sys/block/$disk/size) * 512)) -ge $size ] || fail "disk $disk is smaller than the image ($size bytes)"
  say "writing $(option image) to $device"
  timeout 600 busybox wget -q -O $device "$(option image)" || fail "the image could not be fetched and written to $disk"
  sync
  # Read back what the disk holds, not what the kernel remembers of it.
  blockdev --flushbufs $device
  echo 3 >/proc/sys/vm/drop_caches
  sum=$(head -c $size $device | sha256sum | cut -d ' ' -f 1) || fail "disk $disk cannot be read"
  [ "$sum" = "$(option sha256)" ] || fail "disk $disk does not hold what was written: sha256 $sum"
  blockdev --rereadpt $device
  note=$(patiently note_of $disk) || fail "the image on $disk has no second partition"
  echo "quintupleo $mac $report_url" | dd of=$note conv=sync,fsync status=none || fail "$note cannot be written"
  sync
  say "deployed: $size bytes on $device, sha256 $sum"
  report deployed "disk=$disk" "bytes=$size" "sha256=$sum"
}

/bin/busybox mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod /modules/$module; done </modules/order
acpid -l /dev/null -p /run/acpid.pid

stage=$(option stage)
say "stage $stage, Linux $(uname -r)"
if [ "$stage" = disk ]; then
  note=$(patiently find_note) || { say "no disk holds a note of who deployed it"; hold; }
  note=\${note#* }
  mac=\${note%% *}
  report_url=\${note#* }
else
  mac=$(option mac)
  report_url=$(option report)
fi
network
report $stage "address=$address" "kernel=$(uname -r)" "seconds=$(uptime_seconds)"
if [ "$stage" = disk ]; then say "running from disk"; else deploy; fi
hold
`;

/** What udhcpc calls when it gets or loses an address. */
export const dhcpScript = `#!/bin/busybox sh
case $1 in
deconfig) ip addr flush dev $interface ;;
bound | renew)
  ip addr flush dev $interface
  ip addr add $ip/$mask dev $interface
  [ -z "$router" ] || ip route replace default via \${router%% *} dev $interface
  echo $ip >/run/address
  ;;
esac
`;

/** What acpid calls when the power button was pressed. */
export const powerButtonScript = `#!/bin/busybox sh
echo "quintupleo: power button pressed, powering off" >/dev/console
sync
poweroff -f
`;

/** Where acpid looks for it. */
export const powerButtonPath = 'etc/acpi/PWRF/00000080';
