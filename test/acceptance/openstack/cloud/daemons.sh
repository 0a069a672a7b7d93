# Which daemons the cloud has, and how each is started; sourced by `up`, `down` and `daemon`.

start_database_and_queue() {
  local erlang=$DATA/rabbit
  mkdir -p "$erlang"
  chmod 700 "$erlang"
  [ -f "$erlang/.erlang.cookie" ] || (umask 277 && echo quintupleo >"$erlang/.erlang.cookie")
  start epmd epmd -address 127.0.0.1
  start rabbit env HOME="$erlang" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=rabbit@localhost \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=5672 RABBITMQ_MNESIA_BASE="$erlang/mnesia" \
    RABBITMQ_LOG_BASE="$erlang" RABBITMQ_LOGS=- RABBITMQ_PID_FILE="$erlang/pid" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$ETC/rabbit-plugins" RABBITMQ_CONFIG_FILE="$ETC/rabbit" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none" \
    /usr/lib/rabbitmq/bin/rabbitmq-server
  if [ ! -d "$DATA/mysql/mysql" ]; then
    mkdir -p "$DATA/mysql"
    chown mysql:mysql "$DATA/mysql"
    mariadb-install-db --defaults-file="$ETC/my.cnf" --user=mysql --datadir="$DATA/mysql" --skip-test-db \
      >"$LOG/mysql-install.log" 2>&1 || die "database, see $LOG/mysql-install.log"
  fi
  start mysql mariadbd --defaults-file="$ETC/my.cnf"
  wait_until 60 mysql "connection" listens 3306
  wait_until 90 rabbit "connection" listens 5672
}

start_services() {
  local cinder="--config-file $ETC/cinder/cinder.conf"
  start keystone uwsgi_python3 --ini "$ETC/keystone-uwsgi.ini"
  start placement uwsgi_python3 --ini "$ETC/placement-uwsgi.ini"
  start glance-api glance-api --config-file "$ETC/glance/glance-api.conf"
  start neutron-server neutron-server --config-file "$ETC/neutron/neutron.conf" --config-file "$ETC/neutron/ml2.ini"
  start cinder-api cinder-api $cinder
  start cinder-scheduler cinder-scheduler $cinder
  start cinder-volume env PATH="$ETC/bin:$PATH" cinder-volume $cinder
}

# Ends at once when Placement does not know its user yet.
start_nova() {
  local nova="--config-file $ETC/nova/nova.conf"
  start nova-conductor nova-conductor $nova
  start nova-scheduler nova-scheduler $nova
  start nova-api nova-api $nova
  start nova-serialproxy nova-serialproxy $nova
}

start_hosts() {
  local nova="nova-compute --config-file $ETC/nova/nova.conf" neutron="--config-file $ETC/neutron/neutron.conf"
  case $mode in fake | both) start nova-compute-fake $nova --config-file "$ETC/nova/fake.conf" ;; esac
  case $mode in
    qemu | both)
      start_libvirt
      make_external_network
      obey_filters
      # The L3 agent lets programs of this machine bind addresses that it does not have.
      [ -e "$RUN/nonlocal-bind" ] || cat /proc/sys/net/ipv4/ip_nonlocal_bind >"$RUN/nonlocal-bind"
      start neutron-agent neutron-linuxbridge-agent $neutron --config-file "$ETC/neutron/ml2.ini" \
        --config-file "$ETC/neutron/agent.ini"
      start neutron-l3-agent neutron-l3-agent $neutron --config-file "$ETC/neutron/l3.ini"
      start neutron-dhcp-agent neutron-dhcp-agent $neutron --config-file "$ETC/neutron/dhcp.ini"
      start nova-compute-qemu $nova --config-file "$ETC/nova/qemu.conf"
      # In its place, where a test wants it.
      prepare nova-compute-pxe-first "$here/nova-compute-pxe-first" ${nova#* } --config-file "$ETC/nova/qemu.conf"
      ;;
  esac
}

# One end is this machine's, with the gateway's address; the other one the network agent puts into a bridge. Instances
# behind a router reach the APIs and the serial consoles at the gateway's address.
make_external_network() {
  if ! ip link show $external-0 >/dev/null 2>&1; then
    ip link add $external-0 type veth peer name $external-1
    ip address add $gateway/24 dev $external-0
    ip link set $external-1 up
    ip link set $external-0 up
  fi
  start external-apis "$NODE" "$here/forward.js" $gateway 5000 6083 8774 8776 8778 9292 9696
}

# Port security is made of rules of iptables, which the kernel can be told to spare what passes a bridge.
obey_filters() {
  local setting
  for setting in /proc/sys/net/bridge/bridge-nf-call-*tables; do
    [ "$(cat "$setting" 2>/dev/null)" = 0 ] || continue
    echo "$setting" >>"$RUN/obeyed-filters"
    echo 1 >"$setting"
  done
}

# Guests run as root, so that they can open files anywhere below $CLOUD.
start_libvirt() {
  printf '%s\n' 'listen_tls = 0' 'auth_unix_ro = "none"' 'auth_unix_rw = "none"' 'unix_sock_group = "root"' \
    >"$ETC/libvirtd.conf"
  grep -q '^# quintupleo: begin' /etc/libvirt/qemu.conf || cat >>/etc/libvirt/qemu.conf <<'END'
# quintupleo: begin
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "logd"
# quintupleo: end
END
  mkdir -p /run/libvirt /run/lock
  start virtlogd virtlogd
  start libvirtd libvirtd -f "$ETC/libvirtd.conf"
  wait_until 30 libvirtd "answer" virsh -q -c qemu:///system list
}

# Every daemon that was started still runs.
all_alive() {
  local file
  for file in "$RUN"/*.pid; do
    alive "$(basename "$file" .pid)" || { broken=$(basename "$file" .pid); return 1; }
  done
}

# In the order in which they may go.
daemons="nova-compute-qemu nova-compute-pxe-first nova-compute-fake external-apis neutron-l3-agent neutron-dhcp-agent neutron-agent
 nova-serialproxy nova-api nova-scheduler nova-conductor
 cinder-api cinder-scheduler cinder-volume neutron-server glance-api placement keystone libvirtd virtlogd"
stores="rabbit epmd mysql"
