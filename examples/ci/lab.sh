#!/bin/sh
# What the recipes beside this do, one step at a time: lab.sh install|up|enrol|deploy|logs|down
#
#   LAB   lab file; default: lab.yaml beside this
#   WORK  folder for what the job makes; default: lab-work. Its logs/ holds no passwords and may be published.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lab=${LAB:-$here/lab.yaml}
work=${WORK:-lab-work}
program=$(cd "$here/../.." && pwd)/bin/quintupleo.js
mkdir -p "$work/logs"
work=$(cd "$work" && pwd)

# Bridges, and ports below 1024, need root.
as_root() {
  if [ "$(id -u)" = 0 ]; then env "$@"; else sudo -n env "$@"; fi
}

quintupleo() {
  as_root NO_COLOR=1 QUINTUPLEO_STATE_DIR="$work/state" QUINTUPLEO_RUNTIME_DIR="$work/run" \
    "$(command -v node)" "$program" "$@"
}

case $1 in
  install)
    node "$(dirname "$program")/../scripts/setup.js" run
    ;;
  up)
    quintupleo doctor "$lab" || true
    quintupleo up --yes "$lab"
    ;;
  enrol)
    # Or what your tool reads; with an Ironic: quintupleo enrol ironic --url "$OS_ENDPOINT" --provide
    quintupleo export ironic --output "$work/nodes.yaml"
    ;;
  deploy)
    # In place of your tool: netboots each node, writes its disk, boots from it.
    quintupleo prove "$lab"
    ;;
  logs)
    quintupleo status --json >"$work/logs/status.json"
    # Node.js is there anyway.
    names='JSON.parse(fs.readFileSync(0, "utf8")).flatMap(({ nodes }) => nodes.map(node => `${node.lab}/${node.name}`))'
    for node in $(quintupleo status --json | node -p "$names.join(' ')"); do
      file=$work/logs/$(basename "$node")
      quintupleo console "$node" --log >"$file.console" || true
      quintupleo events "$node" >"$file.events" || true
    done
    as_root cat "$work/state/daemon.log" >"$work/logs/daemon.log" || true
    ;;
  down)
    quintupleo down "$lab"
    as_root rm -rf "$work/state" "$work/run" "$work/nodes.yaml"
    ;;
  *)
    echo "usage: $0 install|up|enrol|deploy|logs|down" >&2
    exit 2
    ;;
esac
