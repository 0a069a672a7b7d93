# Paths and daemons of the cloud; sourced by `up`, `down` and `daemon`.
#
# Everything that the cloud writes is below $CLOUD: etc/ (configuration), log/, run/ (process IDs, sockets),
# data/ (databases, images, disks) and clouds.yaml.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CLOUD=${QUINTUPLEO_CLOUD:-${TMPDIR:-/tmp}/quintupleo-cloud}
ETC=$CLOUD/etc LOG=$CLOUD/log RUN=$CLOUD/run DATA=$CLOUD/data
PASSWORD=secret
# The external network, as far as it is on this machine: the gateway's address, where instances reach the cloud's APIs.
external=q5o-ext gateway=198.51.100.1
export QUINTUPLEO_CLOUD=$CLOUD LC_ALL=C.UTF-8
# Newer than Zed, Neutron has no Linux bridge agent: there only instances that do not run can be plugged in.
has_bridges() { [ -x /usr/bin/neutron-linuxbridge-agent ]; }
# Debian's Python programs need Debian's Python, and nothing here may leave by a proxy.
NODE=$(command -v node || true)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY PYTHONPATH PYTHONDONTWRITEBYTECODE

say() { printf '[%4ds] %s\n' $SECONDS "$*"; }
die() {
  say "FAILED: $*" >&2
  exit 1
}

# A daemon is a session of its own; run/NAME.pid has its leader, run/NAME.command how it was started.
alive() { [ -f "$RUN/$1.pid" ] && kill -0 "$(cat "$RUN/$1.pid")" 2>/dev/null; }

# For later, by `daemon start`.
prepare() { # NAME COMMAND...
  local name=$1
  shift
  printf '%q ' "$@" >"$RUN/$name.command"
}

start() { # NAME COMMAND...
  local name=$1
  alive "$name" && return
  prepare "$@"
  shift
  setsid nohup "$@" >>"$LOG/$name.log" 2>&1 </dev/null &
  echo $! >"$RUN/$name.pid"
}

signal() { # SIGNAL NAME
  alive "$2" || return 0
  kill "-$1" -- "-$(cat "$RUN/$2.pid")" 2>/dev/null || true
}

# Waits until a daemon that was told to end has ended; kills it after ten seconds.
ended() { # NAME
  local i
  [ -f "$RUN/$1.pid" ] || return 0
  for i in $(seq 100); do
    alive "$1" || break
    sleep 0.1
  done
  signal KILL "$1"
  rm -f "$RUN/$1.pid"
}

wait_until() { # SECONDS DAEMON WHAT COMMAND...
  local seconds=$1 daemon=$2 what=$3 i
  shift 3
  for i in $(seq $((seconds * 5))); do
    "$@" >/dev/null 2>&1 && return
    alive "$daemon" || die "$daemon has ended before $what, see $LOG/$daemon.log"
    sleep 0.2
  done
  die "no $what within $seconds s, see $LOG/$daemon.log"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
answers() { case $(curl -s -o /dev/null -m 10 -w '%{http_code}' "$1") in 2?? | 3?? | 401) ;; *) false ;; esac }
sql() { mariadb --socket="$RUN/mysql.sock" -uroot "$@"; }
