# Writes the configuration of every service below $ETC; sourced by `up`.

database() { # SECTION DATABASE
  cat <<END
[$1]
connection = mysql+pymysql://root:$PASSWORD@127.0.0.1:3306/$2?charset=utf8
max_pool_size = 5
max_overflow = 20
END
}

# What services ask each other goes over the loopback; the endpoints called "internal" are for instances.
credentials() { # SECTION USER
  cat <<END
[$1]
auth_url = http://127.0.0.1:5000/v3
auth_type = password
user_domain_name = Default
project_domain_name = Default
project_name = service
region_name = RegionOne
valid_interfaces = public
username = $2
password = $PASSWORD
END
}

# Every service trusts a token for only some seconds before it asks Keystone again, so that tests can take one away.
# Without its own type in the catalog a service refuses every credential that has access rules.
authentication() { # USER TYPE
  credentials keystone_authtoken "$1"
  cat <<END
www_authenticate_uri = http://127.0.0.1:5000/v3
service_token_roles_required = true
token_cache_time = 5
interface = public
service_type = $2
END
}

common() { # LOCK-FOLDER
  cat <<END
[oslo_concurrency]
lock_path = $RUN/lock/$1
[oslo_messaging_notifications]
driver = noop
[oslo_messaging_rabbit]
heartbeat_in_pthread = false
kombu_reconnect_delay = 0.5
END
}

wsgi() { # NAME PORT PROGRAM ENVIRONMENT
  cat >"$ETC/$1-uwsgi.ini" <<END
[uwsgi]
http-socket = 127.0.0.1:$2
wsgi-file = $3
plugins = python3
env = $4
env = LC_ALL=C.UTF-8
master = true
processes = 2
threads = 2
enable-threads = true
lazy-apps = true
thunder-lock = true
no-orphans = true
die-on-term = true
buffer-size = 65535
add-header = Connection: close
disable-logging = true
END
}

configure() {
  local transport=rabbit://guest:guest@127.0.0.1:5672/
  mkdir -p "$ETC"/{keystone,glance,placement,nova,neutron,cinder} "$RUN"/lock/{nova,fake,qemu,neutron,agent,cinder,other} \
    "$DATA"/{keystone,glance,nova/fake,nova/qemu,neutron,cinder/mnt,"nfs:/volumes"}

  # Nothing in it outlives the tests: no flushing to disk.
  cat >"$ETC/my.cnf" <<END
[mariadbd]
user = mysql
datadir = $DATA/mysql
socket = $RUN/mysql.sock
pid-file = $DATA/mysql/mariadbd.pid
bind-address = 127.0.0.1
port = 3306
skip-name-resolve
skip-log-bin
max_connections = 500
innodb_flush_log_at_trx_commit = 0
innodb_flush_method = nosync
innodb_doublewrite = 0
innodb_buffer_pool_size = 128M
innodb_log_file_size = 64M
performance_schema = off
character-set-server = utf8
END

  cat >"$ETC/keystone/keystone.conf" <<END
[DEFAULT]
public_endpoint = http://127.0.0.1:5000
use_stderr = true
[token]
expiration = 86400
caching = false
[revoke]
caching = false
[identity]
password_hash_rounds = 4
[fernet_tokens]
key_repository = $DATA/keystone/fernet-keys
[credential]
key_repository = $DATA/keystone/credential-keys
[cache]
enabled = true
backend = oslo_cache.dict
$(database database keystone)
$(common other)
END
  wsgi keystone 5000 /usr/bin/keystone-wsgi-public "OS_KEYSTONE_CONFIG_DIR=$ETC/keystone"

  cat >"$ETC/glance/glance-api.conf" <<END
[DEFAULT]
bind_host = 127.0.0.1
bind_port = 9292
workers = 1
use_stderr = true
[glance_store]
stores = file
default_store = file
filesystem_store_datadir = $DATA/glance
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
$(database database glance)
$(authentication glance image)
$(common other)
END

  cat >"$ETC/placement/placement.conf" <<END
[DEFAULT]
use_stderr = true
[api]
auth_strategy = keystone
$(database placement_database placement)
$(authentication placement placement)
$(common other)
END
  wsgi placement 8778 /usr/bin/placement-api "OS_PLACEMENT_CONFIG_DIR=$ETC/placement"

  cp /etc/nova/api-paste.ini "$ETC/nova/"
  cat >"$ETC/nova/nova.conf" <<END
[DEFAULT]
my_ip = 127.0.0.1
host = controller
use_stderr = true
transport_url = $transport
state_path = $DATA/nova
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_workers = 2
max_concurrent_builds = 4
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = $ETC/nova/api-paste.ini
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 5
[quota]
instances = 200
cores = 400
ram = 409600
[glance]
api_servers = http://127.0.0.1:9292
[vnc]
enabled = false
[serial_console]
enabled = true
base_url = ws://127.0.0.1:6083/
serialproxy_host = 127.0.0.1
[cinder]
catalog_info = volumev3::publicURL
[keystone]
valid_interfaces = public
$(database database nova_cell1)
$(database api_database nova_api)
$(authentication nova compute)
$(credentials placement placement)
$(credentials neutron neutron)
$(credentials service_user nova)
send_service_user_token = true
$(common nova)
END
  # Instances of this host exist only in Nova's memory.
  cat >"$ETC/nova/fake.conf" <<END
[DEFAULT]
host = fake1
compute_driver = fake.FakeDriver
instances_path = $DATA/nova/fake
reserved_host_memory_mb = 0
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
$(common fake)
END
  # Instances of this host are emulated machines: no KVM is needed.
  cat >"$ETC/nova/qemu.conf" <<END
[DEFAULT]
host = qemu1
compute_driver = libvirt.LibvirtDriver
instances_path = $DATA/nova/qemu
reserved_host_memory_mb = 0
cpu_allocation_ratio = 32.0
ram_allocation_ratio = 2.0
disk_allocation_ratio = 10.0
vif_plugging_timeout = 60
[vnc]
enabled = true
server_listen = 127.0.0.1
[serial_console]
base_url = ws://$gateway:6083/
proxyclient_address = 127.0.0.1
[libvirt]
virt_type = qemu
cpu_mode = none
connection_uri = qemu:///system
images_type = qcow2
num_pcie_ports = 0
nfs_mount_point_base = $DATA/nova/mnt
nfs_mount_options = bind
$(common qemu)
END

  cat >"$ETC/neutron/neutron.conf" <<END
[DEFAULT]
host = controller
use_stderr = true
bind_host = 127.0.0.1
bind_port = 9696
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 0
transport_url = $transport
state_path = $DATA/neutron
auth_strategy = keystone
core_plugin = ml2
service_plugins = router,trunk
api_paste_config = /etc/neutron/api-paste.ini
# The agent of the fake host is only a row in a table, whose heartbeat must not be too old.
agent_down_time = 2000000
[experimental]
linuxbridge = true
[agent]
root_helper =
[quotas]
quota_network = 200
quota_subnet = 200
quota_port = 2000
quota_router = 50
quota_floatingip = 100
quota_security_group = 100
quota_security_group_rule = 1000
$(database database neutron)
$(authentication neutron network)
$(credentials nova nova)
$(credentials placement placement)
$(common neutron)
END
  cat >"$ETC/neutron/ml2.ini" <<END
[ml2]
type_drivers = local,flat
tenant_network_types = local
mechanism_drivers = $(has_bridges && echo linuxbridge || echo openvswitch)
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
END
  cat >"$ETC/neutron/agent.ini" <<END
[DEFAULT]
host = qemu1
[agent]
polling_interval = 1
[linux_bridge]
physical_interface_mappings = public:$external-1
[vxlan]
enable_vxlan = false
[securitygroup]
firewall_driver = iptables
$(common agent)
END
  cat >"$ETC/neutron/l3.ini" <<END
[DEFAULT]
host = qemu1
interface_driver = linuxbridge
enable_metadata_proxy = false
[AGENT]
root_helper =
$(common agent)
END
  cat >"$ETC/neutron/dhcp.ini" <<END
[DEFAULT]
host = qemu1
interface_driver = linuxbridge
dhcp_broadcast_reply = true
[AGENT]
root_helper =
$(common agent)
END

  # NFS without a kernel that has NFS: an export is named HOST:/PATH, and a local folder whose path reads so can be
  # "mounted" with the option "bind". ("vers" keeps os-brick from adding options of its own.) Cinder only looks
  # whether there is a mount.nfs.
  mkdir -p "$ETC/bin"
  ln -sf /bin/true "$ETC/bin/mount.nfs"
  echo "$DATA/nfs:/volumes" >"$ETC/cinder/shares"
  cat >"$ETC/cinder/cinder.conf" <<END
[DEFAULT]
my_ip = 127.0.0.1
host = controller
use_stderr = true
transport_url = $transport
state_path = $DATA/cinder
auth_strategy = keystone
api_paste_config = /etc/cinder/api-paste.ini
rootwrap_config = /etc/cinder/rootwrap.conf
osapi_volume_listen = 127.0.0.1
osapi_volume_workers = 1
glance_api_servers = http://127.0.0.1:9292
enabled_backends = nfs
default_volume_type = nfs
quota_volumes = 100
quota_gigabytes = 1000
[nfs]
volume_driver = cinder.volume.drivers.nfs.NfsDriver
volume_backend_name = nfs
nfs_shares_config = $ETC/cinder/shares
nfs_mount_point_base = $DATA/cinder/mnt
nfs_mount_options = bind,vers=3
nas_secure_file_operations = false
nas_secure_file_permissions = false
max_over_subscription_ratio = 100
$(database database cinder)
$(authentication cinder volumev3)
$(credentials nova nova)
$(credentials service_user cinder)
send_service_user_token = true
$(common cinder)
END
}
